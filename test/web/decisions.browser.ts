import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { openSite, type Site } from "./site.ts";

let site: Site;
let filled: Awaited<ReturnType<Site["fill"]>>;
beforeAll(async () => {
  site = await openSite();
  filled = await site.fill();
});
afterAll(() => site.close());

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
