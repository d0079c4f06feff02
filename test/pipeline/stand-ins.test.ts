import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { change, createIntakeHarness, HOUR_MS, NOW, text, value, type IntakeHarness } from "./intake-harness.ts";

let harness: IntakeHarness;
beforeAll(async () => {
  harness = await createIntakeHarness();
});
afterEach(() => harness.clear());
afterAll(() => harness.close());

const PHONE = "4915112345678";

const placeholder = (id: string, from = PHONE) => ({
  from,
  id,
  timestamp: "1795400000",
  type: "media_placeholder",
  history_context: { status: "READ" },
});
const image = (id: string) => ({
  from: PHONE,
  id,
  timestamp: "1795400000",
  type: "image",
  image: { id: "900", mime_type: "image/jpeg", sha256: "eA==" },
});
const thread = (...messages: object[]) =>
  change(value({ history: [{ metadata: { phase: 0 }, threads: [{ id: PHONE, messages }] }] }), "history");
const media = (...messages: object[]) => change(value({ messages }), "history");
const states = async () =>
  (
    await harness.rows<{ kind: string; state: string; reason: string | null }>(
      "SELECT kind, state, reason FROM message ORDER BY seq",
    )
  ).map(({ kind, state, reason }) => [kind, state, reason]);

describe("a placeholder of the history", () => {
  test("waits for a person as long as its media is not there", async () => {
    await harness.take(thread(placeholder("h1")));
    expect(await states()).toEqual([["unknown", "held", "unsupported"]]);
  });

  test.each([
    ["before its media", [thread(placeholder("h1")), media(image("h1"))], 0],
    ["after its media", [media(image("h1")), thread(placeholder("h1"))], 1],
  ])("that comes %s is settled by it, and both stay in their places", async (_when, bodies, at) => {
    for (const body of bodies) await harness.take(body);
    const found = await states();
    expect(found[at]).toEqual(["unknown", "filtered", null]);
    expect(found[1 - at]).toEqual(["image", "received", null]);
    const [row] = await harness.rows<{ kept: Date; history: { state: string }[] }>(
      "SELECT retain_until AS kept, history FROM message WHERE state = 'filtered'",
    );
    expect(row!.kept.getTime()).toBe(NOW + 24 * HOUR_MS);
    expect(row!.history.map(({ state }) => state)).toEqual(["received", "held", "filtered"]);
  });

  test("in one body with its media is settled by it", async () => {
    const both = { entry: [...thread(placeholder("h1")).entry, ...media(image("h1")).entry] };
    await harness.take(both);
    expect(await states()).toEqual([
      ["unknown", "filtered", null],
      ["image", "received", null],
    ]);
  });

  test("and its media that are stored at the same time find each other", async () => {
    for (let nth = 0; nth < 10; nth++) {
      await Promise.all([harness.take(thread(placeholder(`r${nth}`))), harness.take(media(image(`r${nth}`)))]);
    }
    expect((await states()).filter(([, state]) => state === "held")).toEqual([]);
  });

  test("is not settled by another's media, nor by a text with its id", async () => {
    await harness.take(thread(placeholder("h1"), placeholder("h2"), text("h3")));
    await harness.take(media(image("h3")));
    expect((await states()).filter(([kind]) => kind === "unknown")).toEqual([
      ["unknown", "held", "unsupported"],
      ["unknown", "held", "unsupported"],
    ]);
  });

  test("that is reported again stays settled", async () => {
    for (const body of [thread(placeholder("h1")), media(image("h1")), thread(placeholder("h1"))]) {
      await harness.take(body);
    }
    expect(await states()).toEqual([
      ["unknown", "filtered", null],
      ["image", "received", null],
    ]);
  });
});
