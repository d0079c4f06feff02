import type { Page } from "playwright-core";
import globalSetup from "../support/global-setup.ts";
import globalTeardown from "../support/global-teardown.ts";
import { openSite, type Site } from "./site.ts";

/** The numbers of docs/console.md, in a real Chromium on loopback (`npm run web:measure`). */
const LOADS = 40;
const ROWS = 200;
const KEYS = 80;
const COMMITS = 30;
/** Event timing tells of nothing that was faster. */
const FASTEST_TOLD_MS = 16;

await globalSetup();
const site = await openSite();
try {
  await site.engine.admit();
  for (let sent = 0; sent < ROWS + 20; sent += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, n) => site.engine.text(`Nachricht ${sent + n}`)));
  }
  tell("first contentful paint, cold, ms", await firstPaints(site));
  const { page, context } = await site.signedIn("engineer");
  await page.goto(`${site.url}/console/messages`);
  await page.locator(`tbody tr:nth-child(${ROWS})`).waitFor();
  const { bytes, requests } = await firstLoad(page);
  console.log(`first load, compressed: ${(bytes / 1_000).toFixed(1)} kB in ${requests} requests`);
  tell(`key to paint with ${ROWS} rows, ms (${FASTEST_TOLD_MS} = at most ${FASTEST_TOLD_MS})`, await keysToPaint(page));
  tell("commit to visible, ms", await commitsToVisible(site, page));
  await context.close();
} finally {
  await site.close();
  await globalTeardown();
}

function tell(what: string, values: readonly number[]): void {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN);
  console.log(`${what}: p50 ${at(0.5)}, p95 ${at(0.95)}, most ${at(1)} (n=${sorted.length})`);
}

/** A browser profile that has never seen the page, and is signed in. */
async function firstPaints({ url, browser, signedIn }: Site): Promise<number[]> {
  const { context } = await signedIn("engineer");
  const storageState = await context.storageState();
  await context.close();
  const paints: number[] = [];
  for (let n = 0; n < LOADS; n += 1) {
    const cold = await browser.newContext({ storageState, viewport: { width: 1280, height: 800 } });
    const page = await cold.newPage();
    await page.goto(`${url}/console`);
    await page.locator("h1").waitFor();
    paints.push(
      await page.evaluate(
        () =>
          new Promise<number>((resolve) => {
            new PerformanceObserver((list) => {
              const [first] = list.getEntriesByName("first-contentful-paint");
              if (first) resolve(first.startTime);
            }).observe({ type: "paint", buffered: true });
          }),
      ),
    );
    await cold.close();
  }
  return paints;
}

function firstLoad(page: Page): Promise<{ bytes: number; requests: number }> {
  return page.evaluate(() => {
    const assets = performance
      .getEntriesByType("resource")
      .map((entry) => entry as PerformanceResourceTiming)
      .filter(({ name }) => name.includes("/assets/"));
    return { bytes: assets.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0), requests: assets.length };
  });
}

/** Rows are gone through and selected: selecting draws all of them anew. */
async function keysToPaint(page: Page): Promise<number[]> {
  await page.evaluate(() => {
    const told: number[] = [];
    Object.assign(globalThis, { told });
    const observer = new PerformanceObserver((list) => {
      for (const { name, duration } of list.getEntries()) if (name === "keydown") told.push(duration);
    });
    // `durationThreshold` is missing in the types of the DOM.
    observer.observe({ type: "event", durationThreshold: 16, buffered: false } as PerformanceObserverInit);
  });
  for (let n = 0; n < KEYS; n += 2) {
    await page.keyboard.press("j");
    await page.keyboard.press("x");
  }
  await page.waitForFunction(
    (wanted) => new URLSearchParams(location.search).get("sel")?.split(".").length === wanted,
    KEYS / 2,
  );
  const told = await page.evaluate(() => (globalThis as { told?: number[] }).told ?? []);
  return [...told, ...Array<number>(Math.max(0, KEYS - told.length)).fill(FASTEST_TOLD_MS)];
}

/** From the 200 of a webhook to the pixel that offers the message. */
async function commitsToVisible({ url, engine }: Site, page: Page): Promise<number[]> {
  await page.goto(`${url}/console/messages`);
  await page.locator("[data-row]").first().waitFor();
  const times: number[] = [];
  for (let n = 1; n <= COMMITS; n += 1) {
    const seen = page.evaluate(
      (wanted) =>
        new Promise<number>((resolve) => {
          const look = () => {
            const shown = Number.parseInt(document.querySelector("[data-newer]")?.textContent ?? "0", 10);
            if (shown < wanted) requestAnimationFrame(look);
            else requestAnimationFrame(() => resolve(Date.now()));
          };
          look();
        }),
      n,
    );
    await engine.text(`Neu ${n}`);
    const committed = Date.now();
    times.push(Math.max(0, (await seen) - committed));
  }
  return times;
}
