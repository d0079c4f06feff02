import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { sendAdt } from "#src/demo/adt.ts";
import { ApiClient } from "#src/demo/api-client.ts";
import { startEngineProcess, type EngineProcess } from "#src/demo/engine-process.ts";
import { openWorld, type World } from "#src/demo/world.ts";
import { batch, textUpdate, wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import { createTestStore, type TestStore } from "../support/database.ts";
import { CHANNEL, PATIENT } from "./harness.ts";

const MAPPINGS = fileURLToPath(new URL("../survive/mappings", import.meta.url));
const CRASH_AT = new URL("../survive/crash-at.ts", import.meta.url).href;
const OTHER = { number: "80001", phone: "4915110000001" };
const SOON_MS = 60_000;

let database: TestStore;
let world: World;
let engine: EngineProcess;
let logged: string[];
beforeEach(async () => {
  database = await createTestStore();
  world = await openWorld("P1D", 0);
  logged = [];
});
afterEach(async () => {
  await engine.end("SIGKILL");
  await world.close();
  await database[Symbol.asyncDispose]();
});

async function start(env: Readonly<Record<string, string>> = {}): Promise<ApiClient> {
  engine = await startEngineProcess({
    nodeArguments: ["--import", CRASH_AT],
    env: {
      ...world.env,
      DATABASE_URL: database.url,
      BOTENSTOFF_MAPPINGS_DIR: MAPPINGS,
      BOTENSTOFF_LEASE: "PT2S",
      BOTENSTOFF_FROZEN_AFTER: "PT3S",
      ...env,
    },
    onLog: (line) => void logged.push(line),
  });
  return new ApiClient(engine.url, world.apiToken);
}

async function admit(): Promise<void> {
  for (const [index, { number, phone }] of [PATIENT, OTHER].entries()) {
    world.fhir.addPatient({ identifier: [{ value: number, system: "urn:oid:1.2.276.0.76.4.1" }] });
    const ack = await sendAdt(world.adtPort, {
      controlId: `ADT${index}`,
      patient: number,
      familyName: "Muster",
      givenName: "Kim",
      phone: phone.replace(/^49/, "0"),
      caseNumber: `F${index}`,
    });
    expect(ack.code).toBe("AA");
  }
}

/** One webhook with several messages, so that they are in the engine's hands together. @returns their wamids */
async function write(...messages: readonly (readonly [string, string])[]): Promise<string[]> {
  const ids = messages.map(([from]) => wamid(from));
  const texts = messages.map(([from, body], index) => textUpdate({ from, id: ids[index] ?? "", body }));
  const payload = batch(world.env["WHATSAPP_PHONE_NUMBER_ID"] ?? "", texts);
  expect(await world.whatsapp.post(`${engine.url}/webhooks/${CHANNEL}`, world.whatsapp.signedBody(payload))).toBe(200);
  return ids;
}

/** Runs the engine until it is dead (one that freezes ends itself); false: it lives, and the condition holds. */
async function dies(until: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + SOON_MS;
  while (performance.now() < deadline) {
    if (await Promise.race([engine.ended.then(() => true), sleep(100, false)])) return true;
    const holds = await Promise.race([until().catch(() => false), engine.ended.then(() => false)]);
    if (holds) return false;
  }
  throw new Error("the engine neither died nor did what it should");
}

const textsIn = (patient: string) =>
  [...world.mllp.documents.values()].filter((one) => one.patient === patient).map((one) => one.text.at(-1));

describe.each([
  ["kills", "Gift"],
  ["freezes", "Gift, das lähmt"],
])("a message whose mapping %s the engine each time it is taken up", (how, text) => {
  it("is set aside after the second time, what comes after it goes on in order, and it can be processed again", async () => {
    const poisonous = { POISON_FILE: MAPPINGS };
    let api = await start(poisonous);
    await admit();
    const [first, poison, last, other] = (await write(
      [PATIENT.phone, "eins"],
      [PATIENT.phone, text],
      [PATIENT.phone, "zwei"],
      [OTHER.phone, "drei"],
    )) as [string, string, string, string];
    const isFiled = async (id: string) => (await api.find(id))[0]?.state === "filed";
    const isOver = async () => (await isFiled(last)) && (await isFiled(other)) && (await isFiled(first));
    let deaths = 0;
    while (await dies(isOver)) {
      deaths += 1;
      api = await start(poisonous);
    }
    // One that takes longer than a second to kill, on a slow machine, is found at the third.
    expect([2, 3]).toContain(deaths);
    const frozen = logged.filter((line) => line.includes('"engine.frozen"'));
    expect(frozen).toHaveLength(how === "freezes" ? deaths : 0);
    const failed = await api.until(poison, ["failed"], SOON_MS);
    const chart = failed.deliveries?.find(({ destination }) => destination === "chart");
    expect(chart?.last_error).toContain("WORK_STOPS_ENGINE");
    expect(logged.filter((line) => line.includes('"message.set_aside"'))).toHaveLength(1);
    expect(textsIn(PATIENT.number)).toEqual(["eins", text, "zwei"]);
    expect(textsIn(OTHER.number)).toEqual(["drei"]);
    const { rows } = await database.store.query("SELECT FROM message WHERE state IN ('held', 'failed')");
    expect(rows).toHaveLength(1);

    await engine.end("SIGKILL");
    const cured = await start();
    await cured.reprocess(failed.id);
    await cured.until(poison, ["filed"], SOON_MS);
    expect(textsIn(PATIENT.number)).toEqual(["eins", text, "zwei"]);
  }, 240_000);
});

it("a message the engine dies of while deciding it is held, and the next one of its conversation is decided", async () => {
  await start();
  await admit();
  await engine.end("SIGKILL");
  const dying = { CRASH_AT: "routed:before" };
  await start(dying);
  const [poison] = (await write([PATIENT.phone, "eins"])) as [string];
  expect(await dies(async () => false)).toBe(true);
  await start(dying);
  expect(await dies(async () => false)).toBe(true);
  let api = await start(dying);
  const held = await api.until(poison, ["held"], SOON_MS);
  expect(held.reason).toBe("set_aside");
  await engine.end("SIGKILL");
  api = await start();
  const [last] = (await write([PATIENT.phone, "zwei"])) as [string];
  await api.until(last, ["filed"], SOON_MS);
  await api.reprocess(held.id);
  await api.until(poison, ["filed"], SOON_MS);
  expect(textsIn(PATIENT.number)).toEqual(["zwei", "eins"]);
}, 240_000);
