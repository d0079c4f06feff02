import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { ShownMessage } from "#src/demo/api-client.ts";
import { startTestEngine, type TestEngine } from "../engine/harness.ts";
import { say, someoneAs, taskOf, typed, type Person } from "./desk.ts";

const HERS = [typed.patient("79471"), typed.case("F-2026-001")];

let engine: TestEngine;
let clara: Person;
let carla: Person;
let paul: Person;
let next = 4915190000000;
let folder: string;

/** The shipped channels, with links of level 2 and one clerk. */
async function strictChannels(level: number): Promise<string> {
  folder = await mkdtemp(join(tmpdir(), "strict-"));
  await cp("channels", join(folder, "channels"), { recursive: true });
  const file = join(folder, "channels", "whatsapp-to-kis.yaml");
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace("identity: { require_level: 1 }", `identity: { require_level: ${level} }`));
  return join(folder, "channels");
}

beforeAll(async () => {
  engine = await startTestEngine({ channels: await strictChannels(2) });
  clara = await someoneAs(engine, "clara", "clerk");
  carla = await someoneAs(engine, "carla", "clerk");
  paul = await someoneAs(engine, "paul", "approver");
  await engine.admit();
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

const stranger = () => String((next += 1));
const state = async ({ id }: ShownMessage) => (await engine.api.get<ShownMessage>(`/api/v1/messages/${id}`)).state;
const becomes = (message: ShownMessage, wanted: string) =>
  engine.eventually(`it is ${wanted}`, async () => (await state(message)) === wanted);

async function code(wish: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const issued = await clara.post("/api/v1/codes", { identifiers: HERS, ...wish });
  expect(issued.status).toBe(201);
  return String(issued.body["code"]);
}

describe("a channel that requires level 2", () => {
  it("holds a number that is exactly one patient's, until a code given to her comes from it", async () => {
    const first = await engine.until(await engine.text("nur die Nummer"), "held");
    expect(first.reason).toBe("unverified");
    const plain = await code();
    await engine.until(await engine.text(`Guten Tag, mein Code ist ${plain.toLowerCase()}.`), "filed");
    await becomes(first, "filed");
    await engine.until(await engine.text("danach"), "filed");
  });

  it("takes a code once: whoever reads it over a shoulder is a stranger still", async () => {
    const plain = await code();
    const from = stranger();
    await engine.until(await engine.text(plain, from), "filed");
    expect((await engine.until(await engine.text(plain, stranger()), "held")).reason).toBe("unknown");
  });

  it("takes no code after five wrong tries at it, nor one that is too old", async () => {
    const plain = await code();
    const wrong = `${plain.slice(0, -1)}${plain.endsWith("0") ? "1" : "0"}`;
    const from = stranger();
    for (let tries = 0; tries < 5; tries += 1) await engine.until(await engine.text(wrong, from), "held");
    await engine.until(await engine.text(plain, from), "held");
    const old = await code();
    await engine.store.query("UPDATE verification_code SET expires_at = now() WHERE used_at IS NULL");
    await engine.until(await engine.text(old, stranger()), "held");
  });

  it("lets a clerk use a code that was told by telephone, who did not make it", async () => {
    const message = await engine.until(await engine.text("ohne Code", stranger()), "held");
    const task = await taskOf(clara, message);
    const plain = await code();
    const own = await clara.post(`/api/v1/clearing/${task.id}/code`, { code: plain.slice(4) });
    expect(own).toMatchObject({ status: 409, body: { type: "urn:botenstoff:problem:clearing-same-person" } });
    expect((await carla.post(`/api/v1/clearing/${task.id}/code`, { code: plain.slice(4) })).status).toBe(200);
    await becomes(message, "filed");
  });

  it("refuses a code for identifiers of two patients, and after twenty such misses any", async () => {
    const wrong = [typed.patient("79471"), typed.case("F-9999-999")];
    const guess = await someoneAs(engine, "guess", "clerk");
    for (let miss = 0; miss < 20; miss += 1) {
      const answer = await guess.post("/api/v1/codes", { identifiers: wrong });
      expect(answer).toMatchObject({ status: 409, body: { type: "urn:botenstoff:problem:clearing-no-match" } });
    }
    const answer = await guess.post("/api/v1/codes", { identifiers: HERS });
    expect(answer).toMatchObject({ status: 409, body: { type: "urn:botenstoff:problem:clearing-tired" } });
  });
});

describe("the challenge", () => {
  it("is answered alike whatever is said; the right day makes the link one of level 3", async () => {
    const from = stranger();
    await engine.until(await engine.text(await code(), from), "filed");
    const links = async () =>
      (await clara.post("/api/v1/links/find", { identifiers: HERS })).body["items"] as { id: string; level: number }[];
    const [link] = await links();
    const own = await clara.post(`/api/v1/links/${link?.id ?? ""}/challenge`, { answer: "12.8." });
    expect(own).toMatchObject({ status: 409, body: { type: "urn:botenstoff:problem:clearing-same-person" } });
    const answers = [];
    for (const answer of ["1.1.", "12.8.", "12.8."])
      answers.push(await carla.post(`/api/v1/links/${link?.id ?? ""}/challenge`, { answer }));
    expect(answers).toEqual(answers.map(() => ({ status: 200, body: { outcome: "taken" } })));
    expect((await links())[0]).toMatchObject({ level: 3, evidence: "challenge" });
  });
});

describe("a sender who shows a user id and no number", () => {
  it("is asked for a contact card; whose number is on it is a candidate and no more", async () => {
    const payload = engine.world.whatsapp.textBody({ userId: "DE.nameless", id: "wamid.nameless", body: "Hallo" });
    expect(await engine.post(engine.world.whatsapp.signedBody(payload))).toBe(200);
    const message = await engine.until("wamid.nameless", "held");
    const task = await taskOf(clara, message);
    expect(task).toMatchObject({ wanted: "contact_card", shows: "user_id", candidates: [] });
    const card = engine.world.whatsapp.textBody({ userId: "DE.nameless", id: "wamid.card", body: "" });
    const [entry] = card["entry"] as { changes: { value: { messages: Record<string, unknown>[] } }[] }[];
    const [sent] = entry?.changes[0]?.value.messages ?? [];
    delete sent?.["text"];
    const contact = { name: { formatted_name: "Ich" }, phones: [{ phone: "+49 1511 2345678", type: "CELL" }] };
    Object.assign(sent!, { type: "contacts", contacts: [contact] });
    expect(await engine.post(engine.world.whatsapp.signedBody(card))).toBe(200);
    const held = await engine.until("wamid.card", "held");
    const again = await taskOf(clara, held);
    expect(again.candidates).toMatchObject([{ masked: "E••• M•••", hints: ["contact_card"] }]);
    await say(clara, again.id, HERS);
    await paul.post(`/api/v1/clearing/${again.id}/approve`, { identifier: typed.born("12.8.1964") });
    await becomes(message, "filed");
    await becomes(held, "filed");
  });
});
