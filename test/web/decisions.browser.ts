import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { codeAt } from "#src/access/totp.ts";
import { openSite, type Site } from "./site.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The bytes of what an authenticator app is given. */
function bytesOf(base32: string): Buffer {
  const bits = Array.from(base32)
    .map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, "0"))
    .join("");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((eight) => Number.parseInt(eight, 2)));
}

let site: Site;
let filled: Awaited<ReturnType<Site["fill"]>>;
beforeAll(async () => {
  site = await openSite();
  filled = await site.fill();
});
afterAll(() => site.close());

test("what a destination said in its own words is read by whoever may see content, who leaves his name", async () => {
  const words = "Aufnahmeart fehlt";
  const engineer = await site.signedIn("engineer");
  await engineer.page.goto(`${site.url}/console/messages/${filled.failed.id}?lang=de`);
  await engineer.page.getByText("Zustellungen").first().waitFor();
  expect(await engineer.page.getByRole("button", { name: "Wortlaut der Ziele" }).count()).toBe(0);
  await engineer.context.close();

  const { page, context } = await site.signedIn("clerk");
  await page.goto(`${site.url}/console/messages/${filled.failed.id}?lang=de`);
  const open = page.getByRole("button", { name: "Wortlaut der Ziele" });
  await open.waitFor();
  expect(await page.getByText(words).count()).toBe(0);
  await open.click();
  await page.locator("[data-own-words] blockquote", { hasText: words }).first().waitFor();
  const { rows } = await site.engine.store.query<{ actor: string }>(
    "SELECT actor FROM journal WHERE action = 'content.read' AND subject = $1",
    [filled.failed.id],
  );
  expect(rows).toHaveLength(1);
  await context.close();
});

test("what a destination refuses is explained in German, and skipped there by whoever is signed in", async () => {
  const { page, context } = await site.signedIn("engineer");
  await page.goto(`${site.url}/console/messages/${filled.failed.id}?lang=de`);
  await page.getByText("Das Ziel hat die Nachricht wegen ihres Inhalts abgelehnt.", { exact: false }).first().waitFor();
  await page.getByRole("button", { name: "Hier überspringen …" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Warum").selectOption("filed_by_hand");
  await dialog.getByRole("button", { name: "Hier überspringen" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.locator(".title .state", { hasText: "abgelegt" }).waitFor();
  const { rows } = await site.engine.store.query<{ actor: string; detail: Record<string, string> }>(
    "SELECT actor, detail FROM journal WHERE action = 'message.skipped'",
  );
  expect(rows).toHaveLength(1);
  expect(rows[0]?.detail).toMatchObject({ destination: "archive", reason: "filed_by_hand" });
  expect(rows[0]?.detail).not.toHaveProperty("skipped_by");
  expect(rows[0]?.actor).not.toMatch(/^token:/);
  await context.close();
});

test("a withdrawal asks who it is once more, and goes on where it was", async () => {
  const { page, context } = await site.signedIn("clerk");
  await page.goto(`${site.url}/console/messages/${filled.filed.id}`);
  const withdraw = async () => {
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Withdraw" }).click();
    return dialog;
  };
  await page.getByRole("button", { name: "Withdraw …" }).click();
  const dialog = await withdraw();
  await dialog.getByText("a fresh proof of who you are", { exact: false }).waitFor();
  const asked = page.waitForRequest((request) => request.url().includes("max_age=300"));
  await dialog.getByRole("link", { name: "Prove who I am" }).click();
  await asked;
  // The provider knows the person from a moment ago; the dialog is open again.
  await (await withdraw()).waitFor({ state: "detached" });
  const { rows } = await site.engine.store.query(
    "SELECT 1 FROM journal WHERE action = 'message.withdrawn' AND subject = $1",
    [filled.filed.id],
  );
  expect(rows).toHaveLength(1);
  expect(page.url()).toBe(`${site.url}/console/messages/${filled.filed.id}`);
  await context.close();
});

test("whoever has a break-glass account signs in by it in the browser", async () => {
  const env = { ...process.env, ...site.engine.world.env, DATABASE_URL: site.engine.databaseUrl };
  const wish = ["access", "break-glass", "open", "duty", "--roles", "engineer", "--for", "PT1H", "--reason", "a test"];
  const { stdout } = await promisify(execFile)(process.execPath, ["src/cli.ts", ...wish], { env });
  const password = /password\s+(\S+)/.exec(stdout)?.[1] ?? "";
  const secret = /secret=(\w+)/.exec(stdout)?.[1] ?? "";
  const context = await site.browser.newContext({ locale: "en-GB" });
  const page = await context.newPage();
  page.setDefaultTimeout(90_000);
  await page.goto(`${site.url}/console`);
  await page.getByText("With a break-glass account").click();
  await page.getByLabel("Name").fill("duty");
  await page.getByLabel("Password").fill(password);
  await page.getByLabel("Code of the", { exact: false }).fill(codeAt(bytesOf(secret), Math.floor(Date.now() / 30_000)));
  await page.getByRole("button", { name: "Sign in" }).first().click();
  await page.getByRole("navigation").waitFor();
  await context.close();
});

test("a channel is paused with a reason and an end, seen by everybody, and let go on", async () => {
  const { page, context } = await site.signedIn("engineer");
  await page.goto(`${site.url}/console/channels?channel=whatsapp-to-kis`);
  await page.getByRole("button", { name: "Pause …" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Why", { exact: false }).fill("the KIS is updated");
  await dialog.getByRole("button", { name: "Pause" }).click();
  await page.getByText("the KIS is updated").waitFor();
  await page.goto(`${site.url}/console`);
  await page.locator(".needs li", { hasText: "the KIS is updated" }).waitFor();
  await page.goto(`${site.url}/console/channels?channel=whatsapp-to-kis`);
  await page.getByRole("button", { name: "Go on now" }).click();
  await page.getByRole("button", { name: "Pause …" }).waitFor();
  await context.close();
});

test("an alert is taken, and a maintenance window begun and ended, by pressing the buttons", async () => {
  const rule = (await site.engine.api.get<{ rules: string[] }>("/api/v1/silences")).rules.find(
    (one) => one === "lane-parked",
  );
  await site.engine.store.query(
    `INSERT INTO alert (id, rule, subject, severity, value, opened_at, seen_at)
     VALUES (gen_random_uuid(), $1, 'channel=whatsapp-to-kis,stage=by-hand', 'critical', 1, now(), now() + interval '1 day')`,
    [rule],
  );
  const { page, context } = await site.signedIn("engineer");
  await page.goto(`${site.url}/console/alerts`);
  const line = page.locator(".needs li", { hasText: "stage=by-hand" });
  await line.getByRole("button").first().click();
  await line.getByText("●").waitFor();
  await page.keyboard.press("s");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox").first().fill("the KIS is updated");
  await dialog.locator("button.main").click();
  await dialog.waitFor({ state: "detached" });
  const silence = page.locator(".needs li", { hasText: "the KIS is updated" });
  await silence.getByRole("button").click();
  await silence.waitFor({ state: "detached" });
  const { rows } = await site.engine.store.query(
    "SELECT 1 FROM alert WHERE subject LIKE '%by-hand' AND acknowledged_at IS NOT NULL",
  );
  expect(rows).toHaveLength(1);
  await context.close();
});

test("what was counted above a hundred is typed, and exactly that goes, whatever comes meanwhile", async () => {
  const send = async (count: number) => {
    for (let sent = 0; sent < count; sent += 10) {
      await Promise.all(Array.from({ length: 10 }, () => site.engine.text("Wer bin ich?", "4915187650001")));
    }
  };
  const heldNow = async () => {
    const { rows } = await site.engine.store.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM message WHERE state = 'held' AND reason = 'unknown'",
    );
    return rows[0]?.n ?? 0;
  };
  const before = await heldNow();
  await send(110);
  await site.engine.eventually("all are held", async () => (await heldNow()) === before + 110);
  const { page, context } = await site.signedIn("engineer");
  await page.goto(`${site.url}/console/messages?state=held&reason=unknown`);
  await page.getByRole("button", { name: "Process again …" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(`Exactly ${before + 110} messages are meant`, { exact: false }).waitFor();
  expect(await dialog.locator("button.main").isDisabled()).toBe(true);
  await send(20);
  await site.engine.eventually("more have come", async () => (await heldNow()) === before + 130);
  await dialog.getByRole("textbox").fill(String(before + 110));
  await dialog.locator("button.main").click();
  await dialog
    .getByText(`${before + 110} of ${before + 110}: ${before + 110} processed again`, { exact: false })
    .waitFor();
  const { rows } = await site.engine.store.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM journal WHERE action = 'message.reprocessed' AND detail ? 'bulk'",
  );
  expect(rows[0]?.n).toBe(before + 110);
  await context.close();
});
