import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import chromium from "@sparticuz/chromium";
import { chromium as playwright, type Browser, type BrowserContext, type Page } from "playwright-core";
import { freePort } from "#src/demo/free-port.ts";
import { offerSignIn } from "#src/demo/sign-in.ts";
import type { MllpBehaviour } from "#src/simulators/kis/mllp-answer.ts";
import { gradientPng } from "#src/demo/picture.ts";
import { startTestEngine } from "../engine/harness.ts";

/** Planted where it is personal: no byte of it reaches who may not see it. */
export const PLANTED = { phone: "4915187654321", text: "Kanarienvogel im Hals" };

export const PEOPLE = {
  engineer: "Erin Engel",
  clerk: "Clara Klar",
  approver: "Paul Prüfer",
  privacy: "Dora Dachs",
  auditor: "Axel Amsel",
} as const;
export type Role = keyof typeof PEOPLE;

export const ENGINEER_PAGES = [
  "/console",
  "/console/lanes",
  "/console/messages",
  "/console/channels",
  "/console/alerts",
  "/console/notices",
  "/console/certificates",
  "/console/purges",
  "/console/engines",
];
export const PRIVACY_PAGES = ["/privacy", "/console/purges", "/privacy/access"];

/** A whole engine with something of everything, an identity provider, and a Chromium to look at it. */
export async function openSite() {
  const directory = await mkdtemp(join(tmpdir(), "botenstoff-web-"));
  const port = await freePort("127.0.0.1");
  const signIn = await offerSignIn(directory, `http://127.0.0.1:${port}`, false);
  if (!signIn) throw new Error("the simulated identity provider is not installed");
  const engine = await startTestEngine({ env: { BOTENSTOFF_HTTP_PORT: String(port), ...signIn.env } });
  const executablePath = await chromium.executablePath();
  // Not the package's own arguments: they switch off what is tested here.
  const browser = await playwright.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--font-render-hinting=none"],
  });
  return {
    engine,
    url: engine.url,
    browser,
    /** Filed, held, failed and parked messages, as a morning would bring them. */
    fill: async () => {
      await engine.admit();
      const filed = await engine.until(await engine.text("Guten Morgen"), "filed");
      await engine.until(await engine.text("Die Wunde nässt wieder."), "filed");
      await engine.until(await engine.image(gradientPng(64, 48)), "filed");
      const held = await engine.until(await engine.text(PLANTED.text, PLANTED.phone), "held");
      engine.world.mllp.behave(Array<MllpBehaviour>(20).fill("AE-in-words"));
      const failed = await engine.until(await engine.text("Soll ich kommen?"), "failed");
      await engine.text("Sind Sie da?");
      await engine.text("Ich warte.");
      return { filed, held, failed };
    },
    /** The clearing task in which a message is held. */
    taskOf: async (message: string) => {
      const { items } = await engine.api.get<{ items: { id: string }[] }>("/api/v1/clearing");
      for (const { id } of items) {
        const task = await engine.api.get<{ held: { message: string }[] }>(`/api/v1/clearing/${id}`);
        if (task.held.some((one) => one.message === message)) return id;
      }
      throw new Error("the message is held in no task");
    },
    /** A browser of its own in which this person has signed in. */
    signedIn: (role: Role, options: Parameters<Browser["newContext"]>[0] = {}) =>
      signInAs(browser, engine.url, PEOPLE[role], options),
    /** A fresh proof of who it is, for the gravest actions; the provider knows the person from a moment ago. */
    prove: async (page: Page) => {
      await page.goto(`${engine.url}/auth/login?provider=staff&step_up=true&return=/console`);
      await page.getByRole("navigation").waitFor();
    },
    close: async () => {
      await browser.close();
      await engine.close();
      await signIn.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export type Site = Awaited<ReturnType<typeof openSite>>;

async function signInAs(
  browser: Browser,
  url: string,
  person: string,
  options: Parameters<Browser["newContext"]>[0],
): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(90_000);
  await page.goto(`${url}/auth/login?provider=staff&return=/console`);
  await page.getByRole("button", { name: person }).click();
  await page.getByRole("navigation").waitFor();
  return { context, page };
}
