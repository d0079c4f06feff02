import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { openSite, type Site } from "./site.ts";

let site: Site;
let filled: Awaited<ReturnType<Site["fill"]>>;
beforeAll(async () => {
  site = await openSite();
  filled = await site.fill();
});
afterAll(() => site.close());

describe("with the keyboard only", () => {
  test("an engineer finds out why a lane is stuck, sends its head again, and sees it filed", async () => {
    const { page, context } = await site.signedIn("engineer");
    await page.goto(`${site.url}/console`);
    await page.getByText("1 conversation parked", { exact: false }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("l");
    await page.locator("[data-row]").first().waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByText("The destination refused the message", { exact: false }).first().waitFor();
    expect(await page.locator(".sentence").textContent()).toMatch(/Parked at archive since .*2 messages wait behind/);
    site.engine.world.mllp.behave([]);
    await page.keyboard.press("r");
    await page.getByText("This lane is settled", { exact: false }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "Lanes" }).waitFor();
    await site.engine.eventually("everything is filed", async () => {
      const { rows } = await site.engine.store.query<{ state: string }>("SELECT state FROM message WHERE id = $1", [
        filled.failed.id,
      ]);
      return rows[0]?.state === "filed";
    });
    const { rows } = await site.engine.store.query("SELECT actor FROM journal WHERE action = 'message.reprocessed'");
    expect(rows).toHaveLength(1);
    await context.close();
  });

  test("the sheet of keys opens, closes, and gives the focus back", async () => {
    const { page, context } = await site.signedIn("engineer");
    await page.goto(`${site.url}/console/messages`);
    await page.locator("[data-row]").first().waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute("href"));
    const before = await focused();
    expect(before).toContain("/console/messages/");
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.waitForFunction((href) => document.activeElement?.getAttribute("href") === href, before);
    await context.close();
  });
});

describe("the list of messages", () => {
  test("keeps filter and selection through reload and back", async () => {
    const { page, context } = await site.signedIn("engineer");
    await page.goto(`${site.url}/console/messages`);
    await page.getByLabel("State").selectOption("filed");
    await page.waitForURL(/state=filed/);
    await page.locator("tbody tr", { hasText: "held" }).first().waitFor({ state: "detached" });
    await page.locator("[data-row]").first().waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await page.waitForURL(/sel=/);
    await page.reload();
    await page.locator("[data-row]").first().waitFor();
    expect(await page.getByLabel("State").inputValue()).toBe("filed");
    expect(await page.locator("tbody input:checked").count()).toBe(1);
    await page.locator("[data-row]").first().click();
    await page.getByRole("heading", { name: "Message" }).waitFor();
    await page.goBack();
    await page.locator("tbody input:checked").waitFor();
    expect(await page.locator("tbody tr").allTextContents()).not.toContainEqual(expect.stringContaining("held"));
    await context.close();
  });

  test("a message that comes leaves the focused row where it is, and is offered", async () => {
    const { page, context } = await site.signedIn("engineer");
    await page.goto(`${site.url}/console/messages`);
    await page.locator("[data-row]").first().waitFor();
    await page.keyboard.press("j");
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute("href"));
    const before = await focused();
    await site.engine.text("Noch etwas");
    await page.locator("[data-newer]").waitFor();
    await page.waitForFunction((href) => document.activeElement?.getAttribute("href") === href, before);
    expect(await page.locator("[data-newer]").textContent()).toMatch(/new message/);
    await context.close();
  });

  test("processes again exactly what was counted", async () => {
    const { page, context } = await site.signedIn("engineer");
    await page.goto(`${site.url}/console/messages?state=held&reason=unknown`);
    await page.getByRole("button", { name: "Process again …" }).click();
    await page.getByText("Exactly 1 message is meant", { exact: false }).waitFor();
    await page.getByRole("button", { name: "Process 1 message again" }).click();
    await page.getByText("1 of 1: 1 processed again", { exact: false }).waitFor();
    await context.close();
  });
});

test("seven tabs of one browser share one stream, and all are told", async () => {
  const { page, context } = await site.signedIn("engineer");
  const tabs = [page];
  for (let n = 0; n < 6; n += 1) tabs.push(await context.newPage());
  for (const tab of tabs) {
    await tab.goto(`${site.url}/console/messages`);
    await tab.locator("[data-row]").first().waitFor();
  }
  await site.engine.text("An alle");
  for (const tab of tabs) await tab.locator("[data-newer]").waitFor();
  await context.close();
});
