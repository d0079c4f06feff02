import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "@jest/globals";
import type { KindPart } from "#src/simulators/whatsapp-cloud/kinds.ts";
import { elementUpdate, wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import { CHANNEL, PATIENT, startTestEngine, type TestEngine } from "./harness.ts";

let engine: TestEngine | undefined;
let channels: string | undefined;
afterEach(async () => {
  await engine?.close();
  if (channels !== undefined) await rm(channels, { recursive: true });
  [engine, channels] = [undefined, undefined];
});

/** The shipped channel, with another profile where one is named. */
async function start(profile?: string): Promise<TestEngine> {
  channels = await mkdtemp(join(tmpdir(), "botenstoff-channels-"));
  await cp("channels", channels, { recursive: true });
  const file = join(channels, `${CHANNEL}.yaml`);
  const shipped = await readFile(file, "utf8");
  if (profile !== undefined) {
    await writeFile(file, shipped.replace("document_type: CN", `document_type: CN, profile: ${profile}`));
  }
  engine = await startTestEngine({ channels });
  await engine.admit();
  return engine;
}

async function say(running: TestEngine, part: KindPart, context?: string): Promise<string> {
  const id = wamid(PATIENT.phone);
  const update = elementUpdate(
    { from: PATIENT.phone, id, timestamp: Math.floor(Date.now() / 1_000) },
    {
      ...part,
      ...(context !== undefined && { context: { from: "4930000000", id: context } }),
    },
  );
  const body = running.world.whatsapp.signedBody(running.world.whatsapp.batchBody([update]));
  expect(await running.post(body)).toBe(200);
  return id;
}

const wording = (target: string, body: string): KindPart => ({
  type: "edit",
  edit: { original_message_id: target, message: { type: "text", text: { body } } },
});

const documents = (running: TestEngine) => [...running.world.mllp.documents.values()];
const valid = (running: TestEngine) => documents(running).filter(({ state }) => state === "available");

describe("a message that is edited again and again", () => {
  it("is one valid document: each replacement names the one before it", async () => {
    const running = await start();
    const first = await running.text("Ich nehme 5 mg");
    const second = await say(running, wording(first, "Ich nehme 50 mg"));
    const third = await say(running, wording(first, "Ich nehme 500 mg"));
    // By the id of a wording instead of the message's.
    const fourth = await say(running, wording(third, "Ich nehme 5,0 mg"));
    for (const id of [first, second, third, fourth]) await running.until(id, "filed");
    expect(running.world.mllp.received.map(({ trigger }) => trigger)).toEqual(["T02", "T10", "T10", "T10"]);
    expect(valid(running).map(({ text }) => text.at(-1))).toEqual(["Ich nehme 5,0 mg"]);
    const numbers = documents(running).map(({ documentNumber }) => documentNumber);
    expect(documents(running).map(({ parent }) => parent)).toEqual(["", ...numbers.slice(0, 3)]);
  });

  it("keeps one number in a German KIS", async () => {
    const running = await start("german-2.5");
    running.world.mllp.behave(["CA", "CA", "CA"]);
    const first = await running.text("Ich nehme 5 mg");
    for (const id of [first, await say(running, wording(first, "50")), await say(running, wording(first, "500"))]) {
      await running.until(id, "filed");
    }
    expect(documents(running)).toHaveLength(1);
    expect(documents(running)[0]?.text.at(-1)).toBe("500");
  });

  it("whose first wording never came here is a document of its own, replaced by the next", async () => {
    const running = await start();
    const unknown = wamid(PATIENT.phone);
    for (const body of ["50 mg", "500 mg"]) await running.until(await say(running, wording(unknown, body)), "filed");
    expect(running.world.mllp.received.map(({ trigger }) => trigger)).toEqual(["T02", "T10"]);
    expect(valid(running).map(({ text }) => text.at(-1))).toEqual(["500 mg"]);
    expect(documents(running)[0]?.text).toContain("[Zu einer früheren Nachricht]");
  });
});

describe("what is about a message", () => {
  it("the KIS never got names no document, and says so in words", async () => {
    const running = await start();
    const elsewhere = wamid(PATIENT.phone);
    await running.until(
      await say(running, { type: "reaction", reaction: { message_id: elsewhere, emoji: "👍" } }),
      "filed",
    );
    await running.until(await say(running, { type: "text", text: { body: "Ja" } }, elsewhere), "filed");
    expect(documents(running).map(({ trigger, parent }) => [trigger, parent])).toEqual([
      ["T02", ""],
      ["T02", ""],
    ]);
    for (const { text } of documents(running)) expect(text.join()).toContain("[Zu einer früheren Nachricht]");
  });

  it("an answer to one it has says when that was sent", async () => {
    const running = await start();
    const first = await running.text("Wann soll ich kommen?");
    await running.until(first, "filed");
    await running.until(await say(running, { type: "text", text: { body: "Ich meine morgen" } }, first), "filed");
    const [, answer] = documents(running);
    expect(answer).toMatchObject({ trigger: "T02", parent: "" });
    expect(answer?.text.join()).toMatch(/\[Zu der Nachricht vom \d\d\.\d\d\.\d{4}, /);
  });

  it("a reaction goes to the wording that is valid now", async () => {
    const running = await start();
    const first = await running.text("5 mg");
    const second = await say(running, wording(first, "50 mg"));
    await running.until(second, "filed");
    await running.until(
      await say(running, { type: "reaction", reaction: { message_id: first, emoji: "👍" } }),
      "filed",
    );
    const [, latest, reaction] = documents(running);
    expect(reaction?.parent).toBe(latest?.documentNumber);
    expect(latest).toMatchObject({ state: "available", addenda: [reaction?.documentNumber] });
  });
});
