import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { framed, HEADER, openReceiver, said } from "./support.ts";

const ADMISSION = `${HEADER}\rPID|1||7\r`;
const CONFLICT = "applying to the directory: the identifiers belong to different patients";

/** The header with other fields, counted as the standard does. */
function header(change: Readonly<Record<number, string>>): string {
  const fields = HEADER.split("|");
  while (fields.length < 20) fields.push("");
  for (const [field, value] of Object.entries(change)) fields[Number(field) - 1] = value;
  return `${fields.join("|")}\rPID|1||7\r`;
}

describe("a message is answered", () => {
  test("AA once it is processed, sender and receiver swapped, in its version and charset", async () => {
    await using receiver = await openReceiver();
    const sender = await receiver.connect();
    sender.write(framed(header({ 12: "2.3", 18: "8859/1" })));
    const answer = await sender.answer();
    expect(said(answer)).toEqual(["AA C1"]);
    expect([3, 5, 6, 11, 12, 18].map((field) => answer?.value("MSH", field))).toEqual([
      "BOTENSTOFF",
      "KIS",
      "HOSPITAL",
      "P",
      "2.3",
      "8859/1",
    ]);
    expect(answer?.value("MSH", 9, 2)).toBe("A01");
    expect(receiver.stored).toHaveLength(1);
  });

  test.each([
    [
      "AE naming segment and field where one is missing",
      { code: "HL7_FIELD_MISSING", error: "mapping adt-to-directory: PID-3 is missing" },
      "101 PID 3",
    ],
    [
      "AE naming PID-3 where its identifiers belong to different patients",
      { code: "PATIENTS_CONFLICT", error: CONFLICT },
      "205 PID 3",
    ],
    [
      "AE naming MSH-9 where nobody can use it",
      { code: "HL7_UNSUPPORTED", error: "mapping: MSH-9 is not ADT" },
      "201 MSH 9",
    ],
    [
      "AE as an internal error otherwise",
      { code: "MAPPING_FAILED", error: "mapping adt-to-directory: TypeError" },
      "207",
    ],
  ] as const)("%s", async (_name, failed, error) => {
    await using receiver = await openReceiver();
    receiver.outcomes.push({ state: "failed", ...failed });
    const sender = await receiver.connect();
    sender.write(framed(ADMISSION));
    const answer = await sender.answer();
    expect(said(answer)).toEqual(["AE C1", error]);
    expect(answer?.value("ERR", 8)).toBe(failed.error);
  });

  test("AE in the form before 2.5 to a sender of that time", async () => {
    await using receiver = await openReceiver();
    receiver.outcomes.push({ state: "failed", code: "HL7_FIELD_MISSING", error: "PID-3 is missing" });
    const sender = await receiver.connect();
    sender.write(framed(header({ 12: "2.3" })));
    expect((await sender.answer())?.raw("ERR", 1)).toBe("PID^1^3^101");
  });

  test("AE asking for a repeat where it is durable but not processed in time, and where nothing could be stored", async () => {
    await using receiver = await openReceiver();
    const sender = await receiver.connect();
    receiver.outcomes.push({ state: "received" }, "store is down");
    expect(await sender.ask(ADMISSION)).toEqual(["AE C1", "207"]);
    expect(await sender.ask(ADMISSION)).toEqual(["AE C1", "207"]);
    expect(await sender.ask(ADMISSION)).toEqual(["AA C1"]);
    expect(receiver.counted.get("repeated")).toBe(1);
  });

  test.each([
    ["CA and AA", { 15: "AL", 16: "AL" }, ["CA C1", "AA C1"]],
    ["CA alone, as the German profile asks", { 15: "AL", 16: "NE" }, ["CA C1"]],
    ["AA where they hold what no table has", { 15: " ", 16: "X" }, ["AA C1"]],
    ["AA alone", { 15: "NE", 16: "AL" }, ["AA C1"]],
    ["nothing", { 15: "NE", 16: "NE" }, []],
    ["nothing unless it fails", { 15: "ER", 16: "ER" }, []],
  ])("by %s where MSH-15 and MSH-16 say so", async (_name, mode, expected) => {
    await using receiver = await openReceiver();
    const sender = await receiver.connect();
    sender.write(framed(header(mode)));
    // The answer to the next message shows that no other came before it.
    sender.write(framed(header({ 10: "C2" })));
    const answers: string[] = [];
    while (!answers.includes("AA C2")) answers.push(...said(await sender.answer()));
    expect(answers).toEqual([...expected, "AA C2"]);
  });
});

describe("a message of a time when EVN-1 named the event", () => {
  test("is taken like any other", async () => {
    await using receiver = await openReceiver();
    const sender = await receiver.connect();
    expect(await sender.ask(`${header({ 9: "ADT", 12: "2.1" })}EVN|A08|20260101\r`)).toEqual(["AA C1"]);
    expect(receiver.stored).toMatchObject([{ content: { trigger: "ADT^A08" } }]);
  });

  test("is refused where no event is named at all", async () => {
    await using receiver = await openReceiver();
    const sender = await receiver.connect();
    expect(await sender.ask(header({ 9: "ADT" }))).toEqual(["AR C1", "201 MSH 9"]);
  });
});

describe("bad input is answered with its reason and nothing is stored for it", () => {
  test.each([
    ["another type than ADT", { 9: "ORU^R01" }, ["AR C1", "200 MSH 9"]],
    ["a trigger the standard does not know", { 9: "ADT^A99" }, ["AR C1", "201 MSH 9"]],
    ["a version that does not exist", { 12: "3.0" }, ["AR C1", "203 MSH 12"]],
    ["another type where CA or CR is waited for", { 9: "ORU^R01", 15: "AL", 16: "NE" }, ["CR C1", "200 MSH 9"]],
  ])("%s", async (_name, change, expected) => {
    await using receiver = await openReceiver();
    const sender = await receiver.connect();
    expect(await sender.ask(header(change))).toEqual(expected);
    expect(receiver.stored).toEqual([]);
    expect(receiver.counted.get("refused")).toBe(1);
    expect(await sender.ask(ADMISSION)).toEqual(["AA C1"]);
  });

  test("what the channel takes no interest in is acknowledged and counted, where it says so", async () => {
    await using receiver = await openReceiver({ other_types: "acknowledge" });
    const sender = await receiver.connect();
    expect(await sender.ask(header({ 9: "ORU^R01" }))).toEqual(["AA C1"]);
    expect(await sender.ask(header({ 9: "ORU^R01", 15: "AL" }))).toEqual(["CA C1"]);
    expect([receiver.stored.length, receiver.counted.get("ignored")]).toEqual([0, 2]);
  });

  test.each([
    ["CA and AA", { 15: "AL", 16: "AL" }, ["CA C1", "AA C1"]],
    ["AA alone", { 15: "NE", 16: "AL" }, ["AA C1"]],
    ["nothing", { 15: "NE", 16: "NE" }, []],
  ])("what it takes no interest in gets %s where MSH-15 and MSH-16 say so", async (_name, mode, expected) => {
    await using receiver = await openReceiver({ other_types: "acknowledge" });
    const sender = await receiver.connect();
    sender.write(framed(header({ 9: "ORU^R01", ...mode })));
    sender.write(framed(header({ 10: "C2" })));
    const answers: string[] = [];
    while (!answers.includes("AA C2")) answers.push(...said(await sender.answer()));
    expect(answers).toEqual([...expected, "AA C2"]);
  });

  test.each([
    ["no HL7", "this is not HL7", "no MSH segment", ["AR", "100 MSH"]],
    ["two messages in one frame", `${ADMISSION}${ADMISSION}`, "two MSH segments", ["AR C1", "100 MSH 1"]],
  ])("%s is held and answered AR with the reason", async (_name, frame, reason, answered) => {
    await using receiver = await openReceiver();
    const sender = await receiver.connect();
    sender.write(framed(frame));
    const answer = await sender.answer();
    expect(said(answer)).toEqual(answered);
    expect(answer?.value("ERR", 8)).toContain(reason);
    expect(receiver.stored).toMatchObject([{ hold: "malformed", raw: Buffer.from(frame).toString("base64") }]);
  });

  test("bytes that cannot even be held are not answered: the sender keeps them", async () => {
    await using receiver = await openReceiver();
    receiver.outcomes.push("store is down");
    const sender = await receiver.connect();
    expect(await sender.ask("this is not HL7")).toEqual([]);
    expect(sender.socket.destroyed).toBe(true);
  });

  test("a frame over the limit is answered before the connection ends", async () => {
    await using receiver = await openReceiver({ max_message_bytes: 1_000 });
    const sender = await receiver.connect();
    const answers = await sender.ask(`${HEADER}\rOBX|${"x".repeat(2_000_000)}`);
    expect(answers).toEqual(["AR C1", "100 MSH 1"]);
    expect(await sender.answer()).toBeUndefined();
    expect(receiver.stored).toEqual([]);
  });
});

test("messages sent in one go, however they are cut, are stored in order and answered in order", async () => {
  await using receiver = await openReceiver();
  const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer({ min: 1, max: 5 }), async (cuts, count) => {
      const sender = await receiver.connect();
      receiver.stored.length = 0;
      const ids = Array.from({ length: count }, (_, nth) => `C${nth}`);
      let stream = Buffer.concat(ids.map((id) => framed(header({ 10: id }))));
      for (const size of cuts) {
        sender.write(stream.subarray(0, size));
        stream = stream.subarray(size);
        await new Promise((resolve) => setImmediate(resolve));
      }
      sender.write(stream);
      const answers: string[] = [];
      while (answers.length < count) answers.push(...said(await sender.answer()));
      expect(answers).toEqual(ids.map((id) => `AA ${id}`));
      expect(receiver.stored.map(({ externalId }) => externalId.split("#")[0])).toEqual(
        ids.map((id) => `KIS|HOSPITAL|${id}`),
      );
      sender.socket.destroy();
    }),
    { numRuns: 30 },
  );
});

test("a control id used twice for different content is two messages; the same content is one", async () => {
  await using receiver = await openReceiver();
  const sender = await receiver.connect();
  await sender.ask(ADMISSION);
  await sender.ask(`${ADMISSION}PV1|1|I\r`);
  await sender.ask(ADMISSION);
  expect(new Set(receiver.stored.map(({ externalId }) => externalId)).size).toBe(2);
});

test("a repeat is answered with the same bytes: the time of an answer is that of the outcome", async () => {
  await using receiver = await openReceiver();
  const filed = { state: "filed", at: "2026-01-01T12:00:00.000Z" } as const;
  receiver.outcomes.push(filed, filed);
  const sender = await receiver.connect();
  await sender.ask(ADMISSION);
  await sender.ask(ADMISSION);
  expect(sender.raw[1]?.equals(sender.raw[0] ?? Buffer.alloc(0))).toBe(true);
});

test("what is on its way when the source closes is answered first", async () => {
  const receiver = await openReceiver();
  const sender = await receiver.connect();
  sender.write(framed(ADMISSION));
  expect(said(await sender.answer())).toEqual(["AA C1"]);
  await receiver[Symbol.asyncDispose]();
  expect(await sender.answer()).toBeUndefined();
});

test("garbage between frames is counted in the log and costs nothing else", async () => {
  await using receiver = await openReceiver();
  const sender = await receiver.connect();
  sender.write("noise");
  expect(await sender.ask(ADMISSION)).toEqual(["AA C1"]);
  sender.socket.end("\x0bMSH|half");
  await new Promise((resolve) => sender.socket.once("close", resolve));
  expect(receiver.logged).toContainEqual({
    event: "mllp.bytes_outside_frames",
    fields: { skipped: "noise".length, partial: true },
  });
});
