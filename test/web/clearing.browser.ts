import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Locator, Page } from "playwright-core";
import { gradientPng } from "#src/demo/picture.ts";
import { picture, zip } from "../attachments/pictures.ts";
import { sendImage } from "../engine/attachment-support.ts";
import { listen } from "./listen.ts";
import { openSite, PLANTED, type Site } from "./site.ts";

let site: Site;
let next = 4915187654400;
beforeAll(async () => {
  site = await openSite();
  await site.engine.admit();
});
afterAll(() => site.close());

const BORN = "12.08.1964";
const CASE = "F-2026-001";

/** A stranger writes and is held. */
async function held(...texts: string[]) {
  const from = String((next += 1));
  const messages = [];
  for (const text of texts) messages.push(await site.engine.until(await site.engine.text(text, from), "held"));
  return { from, messages, task: await site.taskOf(messages[0]?.id ?? "") };
}

const stateOf = async (id: string) => (await site.engine.api.get<{ state: string }>(`/api/v1/messages/${id}`)).state;

/** Puts the focus on the first identifier by its key, and waits until it is there. */
async function toIdentifiers(page: Page): Promise<void> {
  await page.locator("[data-search]").waitFor();
  await page.keyboard.press("/");
  await page.locator("[data-search]:focus").waitFor();
}

async function expectDrawn(picture: Locator, least: number): Promise<void> {
  await picture.waitFor();
  const width = () => picture.evaluate((element) => (element as HTMLImageElement).naturalWidth);
  await site.engine.eventually("the picture is drawn", async () => (await width()) >= least);
}

/** Types two identifiers: the first select stands on the birth date, the second on the case number. */
async function typeTwo(page: Page, born: string, caseNumber: string): Promise<void> {
  await toIdentifiers(page);
  await page.keyboard.type(born);
  await page.keyboard.press("Tab");
  await page.locator("select[name=kind1]:focus").waitFor();
  await page.keyboard.press("Tab");
  await page.locator("input[name=value1]:focus").waitFor();
  await page.keyboard.type(caseNumber);
  await page.keyboard.press("Enter");
}

describe("the clearing desk, by keyboard only and in two browsers", () => {
  test("a clerk reads, identifies and proposes; an approver confirms; it is in the right chart once", async () => {
    const stranger = await held(PLANTED.text, "Soll ich kommen?");
    const clerk = await site.signedIn("clerk", { locale: "de-DE" });
    await clerk.page.goto(`${site.url}/clearing`);
    await clerk.page.locator("[data-row]").first().waitFor();
    await clerk.page.keyboard.press("j");
    await clerk.page.locator("[data-row]:focus").waitFor();
    await clerk.page.keyboard.press("Enter");
    await clerk.page.getByRole("button", { name: "Zeigen, was geschrieben wurde" }).waitFor();
    expect(await clerk.page.content()).not.toContain(PLANTED.text);
    await clerk.page.keyboard.press("o");
    await clerk.page.getByText(PLANTED.text).waitFor();
    await typeTwo(clerk.page, BORN, CASE);
    await clerk.page.locator("h3:focus", { hasText: "Mustermann" }).waitFor();
    await clerk.page.keyboard.press("a");
    await clerk.page.getByText("Jemand anderes muss es bestätigen", { exact: false }).waitFor();
    expect(await stateOf(stranger.messages[0]?.id ?? "")).toBe("held");

    const approver = await site.signedIn("approver", { locale: "de-DE" });
    await approver.page.goto(`${site.url}/clearing?state=proposed`);
    await approver.page.locator("[data-row]").first().waitFor();
    await approver.page.keyboard.press("j");
    await approver.page.locator("[data-row]:focus").waitFor();
    await approver.page.keyboard.press("Enter");
    await toIdentifiers(approver.page);
    expect(await approver.page.content()).not.toContain("Mustermann");
    await approver.page.keyboard.type(BORN);
    await approver.page.keyboard.press("Enter");
    await approver.page.getByText("Hiervon ist nichts mehr angehalten.").waitFor();
    // The clerk's browser hears of it by itself.
    await clerk.page.getByText("Hiervon ist nichts mehr angehalten.").waitFor();
    for (const { id } of stranger.messages) {
      await site.engine.eventually("filed", async () => (await stateOf(id)) === "filed");
    }
    const { rows } = await site.engine.store.query<{ action: string; actor: string; detail: unknown }>(
      "SELECT action, actor, detail FROM journal WHERE action IN ('clearing.proposed', 'clearing.assigned')",
    );
    expect(new Set(rows.map(({ actor }) => actor)).size).toBe(2);
    const { rows: lines } = await site.engine.store.query<{ detail: unknown }>("SELECT detail FROM journal");
    expect(JSON.stringify(lines)).not.toMatch(new RegExp(`${BORN}|${CASE}|${stranger.from}`));
    await clerk.context.close();
    await approver.context.close();
  });

  test("one wrong identifier matches nobody and tells nothing; five lock the case, and another person unlocks it", async () => {
    const { task } = await held("Wer bin ich?");
    const clerk = await site.signedIn("clerk");
    await clerk.page.goto(`${site.url}/clearing/${task}`);
    await clerk.page.locator("input[name=value0]").fill("01.01.1901");
    await clerk.page.locator("input[name=value1]").fill(CASE);
    for (const left of [4, 3, 2, 1]) {
      await clerk.page.locator("input[name=value1]").press("Enter");
      await clerk.page.getByText(new RegExp(`^${left} wrong`)).waitFor();
      await clerk.page.getByText("No match", { exact: false }).waitFor();
      expect(await clerk.page.content()).not.toContain("Mustermann");
    }
    await clerk.page.locator("input[name=value1]").press("Enter");
    await clerk.page.getByText("Locked: too many wrong identifiers", { exact: false }).waitFor();
    expect(await clerk.page.getByRole("button", { name: "Unlock" }).count()).toBe(0);
    await clerk.context.close();

    const approver = await site.signedIn("approver");
    await site.prove(approver.page);
    await approver.page.goto(`${site.url}/clearing/${task}`);
    await approver.page.getByRole("button", { name: "Unlock" }).waitFor();
    await approver.page.keyboard.press("u");
    await approver.page.getByRole("dialog").getByRole("textbox").fill("spoke with the ward");
    await approver.page.keyboard.press("Enter");
    await approver.page.getByText("Locked: too many", { exact: false }).waitFor({ state: "detached" });
    await approver.context.close();
  });

  test("what is not for this house is rejected with a reason of the closed list", async () => {
    const { task, messages } = await held("Gewinnen Sie jetzt!");
    const { page, context } = await site.signedIn("clerk");
    await page.goto(`${site.url}/clearing/${task}`);
    await page.getByRole("button", { name: "Not ours" }).waitFor();
    await page.keyboard.press("d");
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("combobox").selectOption("advertising");
    await dialog.getByRole("button", { name: "Not ours" }).click();
    await page.getByText("Nothing of it is held any more.").waitFor();
    expect(await stateOf(messages[0]?.id ?? "")).toBe("filtered");
    await context.close();
  });

  test("a picture comes when it is asked for, large at a press, and to nobody who may not read", async () => {
    const from = String((next += 1));
    const message = await site.engine.until(await site.engine.image(gradientPng(640, 480), "schau", from), "held");
    const { page, context } = await site.signedIn("clerk");
    const { faults } = listen(page, site.url);
    await page.goto(`${site.url}/clearing/${await site.taskOf(message.id)}`);
    await page.getByRole("button", { name: "Show what was written" }).waitFor();
    expect(await page.locator("img").count()).toBe(0);
    await page.keyboard.press("o");
    await page.getByRole("button", { name: "Picture 1" }).focus();
    await page.keyboard.press("Enter");
    const large = page.getByRole("dialog").getByRole("img", { name: "Picture 1" });
    await large.waitFor();
    await expectDrawn(large, 640);
    await page.keyboard.press("Escape");
    await page.locator(".thumb:focus").waitFor();
    expect(faults).toEqual([]);
    await context.close();

    const { rows } = await site.engine.store.query<{ detail: { attachment?: string } }>(
      "SELECT detail FROM journal WHERE action = 'content.read' AND subject = $1",
      [message.id],
    );
    const attachment = rows.map(({ detail }) => detail.attachment).find((id) => id !== undefined) ?? "";
    const engineer = await site.signedIn("engineer");
    const refused = await engineer.page.request.get(
      `${site.url}/api/v1/messages/${message.id}/attachments/${attachment}/view`,
      { headers: { "sec-fetch-site": "same-origin" } },
    );
    expect(refused.status()).toBe(403);
    await engineer.context.close();
  });

  test("of a refused file only a picture made here is shown; it is released, or filed without it, by keyboard", async () => {
    await site.engine.admit();
    const liar = async () => Buffer.concat([await picture("jpeg"), zip("x")]);
    const sent = await sendImage(site.engine, await liar(), "image/jpeg");
    const without = await sendImage(site.engine, await liar(), "image/jpeg");
    const [release, leave] = [
      await site.engine.until(sent.sent, "held"),
      await site.engine.until(without.sent, "held"),
    ];
    const { page, context } = await site.signedIn("clerk");
    await site.prove(page);
    const decide = async (id: string, key: string, button: string, state: string) => {
      await page.goto(`${site.url}/console/messages/${id}`);
      await page.getByRole("button", { name: "Show attachments" }).waitFor();
      await page.keyboard.press("o");
      await page.getByText("this picture was made here", { exact: false }).waitFor();
      await expectDrawn(page.getByRole("img", { name: "Picture 1" }), 1);
      await page.keyboard.press(key);
      await page.getByRole("dialog").getByRole("textbox").fill("seen on an isolated machine");
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await page.getByRole("button", { name: button }).waitFor({ state: "detached" });
      await site.engine.eventually(state, async () => (await stateOf(id)) === state);
    };
    await decide(release.id, "l", "Release …", "filed");
    await decide(leave.id, "p", "File without it …", "filed");
    await context.close();
  });

  test("an engineer sees clocks and reasons of the same tasks, and no byte of who wrote or what", async () => {
    const { task, from } = await held("Geheimnis der Strickleiter");
    const { page, context } = await site.signedIn("engineer");
    const bodies: Promise<string>[] = [];
    page.on("response", (response) => {
      if (!response.url().endsWith("/live")) bodies.push(response.text().catch(() => ""));
    });
    await page.goto(`${site.url}/clearing/${task}`);
    await page.getByText("Your role sees no content.").waitFor();
    expect(await page.getByRole("button", { name: "Check" }).count()).toBe(0);
    expect((await Promise.all(bodies)).join()).not.toMatch(new RegExp(`Strickleiter|${from}|Mustermann`));
    await context.close();
  });
});
