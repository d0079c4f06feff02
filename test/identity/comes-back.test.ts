import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import adt from "#mappings/adt-to-directory/index.ts";
import { withProfile } from "#src/channel/hl7-profiles.ts";
import { encode } from "#src/hl7/encode.ts";
import type { Hl7Message } from "#src/hl7/message.ts";
import { parseHl7 } from "#src/hl7/parse.ts";
import { mapping, message, profiles } from "../mappings/mdm-fixtures.ts";
import { createDirectoryHarness, PHONE } from "./harness.ts";

let harness: Awaited<ReturnType<typeof createDirectoryHarness>>;
beforeAll(async () => (harness = await createDirectoryHarness()));
beforeEach(() => harness.clear());
afterAll(() => harness.close());

/** PID and PV1 of a document about the one patient whom an admission with these segments made known. */
async function comesBack(...segments: string[]) {
  const text = ["MSH|^~\\&|K|H|||20260101||ADT^A01|1|P|2.5", ...segments].join("\r");
  const received = message("adt", { kind: "hl7", text, trigger: "ADT^A01" });
  const params = adt.params.parse({});
  await harness.directory.apply(adt.map(received, { params, routedAt: received.receivedAt }));
  const { id, patient } = await harness.onlyByPhone(PHONE);
  const encounter = await harness.directory.onlyOpenEncounter(id);
  const found = withProfile({}, profiles);
  if ("issue" in found) throw new Error(found.issue.message);
  const made = mapping.map(message("t", { kind: "text", text: "Guten Tag" }), {
    params: mapping.params.parse(found.params),
    subject: { patient, level: 4, ...(encounter && { encounter }) },
    routedAt: received.receivedAt,
  }) as Hl7Message;
  const pieces = encode(made, { charset: "UNICODE UTF-8" }).pieces.filter((piece) => Buffer.isBuffer(piece));
  return parseHl7(Buffer.concat(pieces));
}

test.each([
  "A1^^^H^PI",
  "A1^^^H&1.2.276.0.76.3.1.1&ISO^PI",
  "A1^^^&1.2.276.0.76.3.1.1&ISO^PI",
  "A1^^^&www.example.com&DNS^PI",
  "A1^^^PRAXIS&www.example.com&DNS^PI",
  "A1^^^&0d3a6cc2-2d7e-4b0c-9f6a-0b8f6a1d2c3e&UUID^MR",
  "A1^^^&urn:example:kis&URI^PI",
  "A1^^^H&1.2.3.4.5^PI",
])("PID-3 %s comes back as it came", async (cx) => {
  const made = await comesBack(`PID|1||${cx}||Test^Fall||19700101|F|||||0151 12345678`, "PV1|1|I");
  expect(made.raw("PID", 3)).toBe(cx);
});

test.each(["F1^^^H&1.2.3.4&ISO^VN", "F1^^^&kis.example&DNS^VN", "F1^^^H^VN"])("PV1-19 %s too", async (cx) => {
  const pid = "PID|1||A1^^^H^PI||Test^Fall||19700101|F|||||0151 12345678";
  expect((await comesBack(pid, `PV1|1|I${"|".repeat(17)}${cx}`)).raw("PV1", 19)).toBe(cx);
});

test.each(["Müller^Erika^^^^^L", "Müller^Erika^Maria Luise^jun.^Prof. Dr.^MBA^L", "von Ahnen^Karl^^^Freiherr^^L"])(
  "the name %s comes back with all its parts",
  async (name) => {
    const made = await comesBack(`PID|1||A1^^^H^PI||${name}||19700101|F|||||0151 12345678`, "PV1|1|I");
    expect(made.raw("PID", 5)).toBe(name);
  },
);
