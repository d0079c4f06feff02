import { createHmac } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { PATIENT, startTestEngine, type TestEngine } from "../engine/harness.ts";

/** Where a message may end; `received` and `routed` are on the way. */
const ENDS = ["filed", "filtered", "held", "failed"];
const NUMBER = "106540352242922";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
  await engine.admit();
});
afterAll(() => engine.close());

function signed(body: Buffer) {
  const digest = createHmac("sha256", engine.world.env["WHATSAPP_APP_SECRET"]!).update(body).digest("hex");
  return { body, headers: { "content-type": "application/json", "x-hub-signature-256": `sha256=${digest}` } };
}

interface Listed {
  readonly id: string;
  readonly state: string;
  readonly reason: string | null;
}

async function everything(): Promise<Listed[]> {
  const all: Listed[] = [];
  for (let after: string | null = ""; after !== null;) {
    const page: { items: Listed[]; next: string | null } = await engine.api.get(
      `/api/v1/messages?limit=100${after && `&after=${after}`}`,
    );
    all.push(...page.items);
    after = page.next;
  }
  return all;
}

/** Posts what an insider of Meta could, and waits until all of it has come to an end that a person can look at. */
async function verdicts(...bodies: readonly (Buffer | string)[]): Promise<string[]> {
  const before = new Set((await everything()).map(({ id }) => id));
  for (const body of bodies) expect(await engine.post(signed(Buffer.from(body)))).toBe(200);
  const fresh = async () => (await everything()).filter(({ id }) => !before.has(id));
  await engine.eventually("nothing is under way", async () =>
    (await fresh()).every(({ state }) => ENDS.includes(state)),
  );
  const messages = await fresh();
  for (const { id } of messages) {
    expect(await engine.api.get(`/api/v1/messages/${id}?content=true`)).toMatchObject({ id });
  }
  return messages.map(({ state, reason }) => (reason === null ? state : `${state}: ${reason}`));
}

const envelope = (value: unknown, field: unknown = "messages") =>
  JSON.stringify({ object: "whatsapp_business_account", entry: [{ id: "1", changes: [{ field, value }] }] });
const metadata = { display_phone_number: "4930901820", phone_number_id: NUMBER };
let count = 0;
const id = () => `wamid.hostile-${++count}`;
const said = (message: unknown, more: object = {}) =>
  envelope({ messaging_product: "whatsapp", metadata, messages: [message], ...more });
const text = (body: unknown, more: object = {}) =>
  said({ from: PATIENT.phone, id: id(), timestamp: "1764000000", type: "text", text: { body }, ...more });

describe("a signed body that cannot be read is kept whole, held as malformed", () => {
  test.each([
    ["nothing at all", ""],
    ["no JSON", "<xml/>"],
    ["cut off", text("abgeschnitten").slice(0, -20)],
    ["100,000 levels deep", "[".repeat(100_000) + "]".repeat(100_000)],
    ["deep inside an object", text("x").replace('"x"', `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`)],
    ["not UTF-8", Buffer.concat([Buffer.from('{"entry":["'), Buffer.from([0xff, 0xfe, 0xc0]), Buffer.from('"]}')])],
    ["a scalar", "17"],
    ["a list", "[[]]"],
    ["an empty object", "{}"],
    ["a raw control character", text("x").replace('"x"', '"\u0000"')],
  ])("%s", async (_what, body) => {
    expect(await verdicts(body)).toEqual(["held: malformed"]);
  });
});

describe("a signed body of the wrong types", () => {
  const wrong = [null, true, 17, -1.5, "x", [], {}, [null], [[]], { a: 1 }, "__proto__", "constructor"];

  test.each([
    ["entry", (one: unknown) => JSON.stringify({ object: "whatsapp_business_account", entry: one })],
    ["an entry", (one: unknown) => JSON.stringify({ entry: [one] })],
    ["changes", (one: unknown) => JSON.stringify({ entry: [{ id: "1", changes: one }] })],
    ["a change", (one: unknown) => JSON.stringify({ entry: [{ id: "1", changes: [one] }] })],
    ["field", (one: unknown) => envelope({ metadata }, one)],
    ["value", (one: unknown) => envelope(one)],
    ["metadata", (one: unknown) => envelope({ metadata: one, messages: [{ from: "1", id: id(), type: "text" }] })],
    ["messages", (one: unknown) => envelope({ metadata, messages: one })],
    ["statuses", (one: unknown) => envelope({ metadata, statuses: one })],
    ["errors", (one: unknown) => envelope({ metadata, errors: one })],
    [
      "contacts",
      (one: unknown) => said({ from: "4915100000001", id: id(), type: "text", text: { body: "x" } }, { contacts: one }),
    ],
    ["a message", (one: unknown) => said(one)],
    ["from", (one: unknown) => text("x", { from: one })],
    ["id", (one: unknown) => text("x", { id: one })],
    ["timestamp", (one: unknown) => text("x", { timestamp: one })],
    ["type", (one: unknown) => text("x", { type: one })],
    ["context", (one: unknown) => text("x", { context: one })],
    ["text", (one: unknown) => text("x", { text: one })],
    ["the text's body", (one: unknown) => text(one)],
    ["image", (one: unknown) => text("x", { type: "image", image: one })],
    ["reaction", (one: unknown) => text("x", { type: "reaction", reaction: one })],
    ["location", (one: unknown) => text("x", { type: "location", location: one })],
    ["contacts shared", (one: unknown) => text("x", { type: "contacts", contacts: one })],
    ["interactive", (one: unknown) => text("x", { type: "interactive", interactive: one })],
    ["system", (one: unknown) => text("x", { type: "system", system: one })],
    ["edit", (one: unknown) => text("x", { type: "edit", edit: one })],
    ["order", (one: unknown) => text("x", { type: "order", order: one })],
    ["group_id", (one: unknown) => text("x", { group_id: one })],
    ["referral", (one: unknown) => text("x", { referral: one })],
  ])("in place of %s is stored, and ends", async (_what, body) => {
    for (const verdict of await verdicts(...wrong.map(body))) expect(verdict).toMatch(/^(filed|held)/);
  });

  test("a form whose answers nest without end holds up nobody's message beside it", async () => {
    const response_json = `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    const form = { type: "nfm_reply", nfm_reply: { name: "flow", body: "Sent", response_json } };
    const common = { from: PATIENT.phone, timestamp: "1764000000" };
    const messages = [
      { ...common, id: id(), type: "interactive", interactive: form },
      { ...common, id: id(), type: "text", text: { body: "x" } },
    ];
    const ends = await verdicts(envelope({ metadata, messages }));
    expect(ends).toHaveLength(2);
    for (const end of ends) expect(end).toMatch(/^(filed|held)/);
  });

  test("of any JSON whatever is answered 200, and ends", async () => {
    const bodies = fc
      .sample(fc.jsonValue({ depthSize: "medium" }), { numRuns: 150, seed: 7 })
      .map((value, index) => [JSON.stringify(value), envelope(value), said(value), text(value)][index % 4]!);
    for (const verdict of await verdicts(...bodies)) expect(verdict).toMatch(/^(filed|held)/);
  });
});

describe("characters that storage or the receiver cannot hold", () => {
  test.each([
    ["U+0000 in the text", ["filed"], () => text("a\u0000b")],
    ["U+0000 alone", ["filed"], () => text("\u0000")],
    ["U+0000 in the sender", ["held: unknown"], () => text("x", { from: "49151\u000012345678" })],
    ["U+0000 in the id", ["filed"], () => text("x", { id: `${id()}\u0000` })],
    ["U+0000 in the type", ["held: unsupported"], () => text("x", { type: "te\u0000xt" })],
    ["U+0000 in a group", ["filed"], () => text("x", { group_id: "g\u0000" })],
    [
      "U+0000 in a name",
      ["filed"],
      () =>
        said(
          { from: PATIENT.phone, id: id(), type: "text", text: { body: "x" } },
          { contacts: [{ wa_id: PATIENT.phone, profile: { name: "E\u0000rika" } }] },
        ),
    ],
    [
      "U+0000 in the business number",
      ["held: foreign_number"],
      () =>
        envelope({
          metadata: { phone_number_id: `${NUMBER}\u0000` },
          messages: [{ from: "1", id: id(), type: "text", text: { body: "x" } }],
        }),
    ],
    ["U+0000 in a field's name", ["held: unsupported"], () => envelope({ metadata, "a\u0000b": [1] })],
    ["U+0000 in the change's field", ["held: unsupported"], () => envelope({ metadata, x: 1 }, "mess\u0000ages")],
    [
      "U+0000 in a status",
      [],
      () =>
        envelope({ metadata, statuses: [{ id: id(), status: "sent\u0000", timestamp: "1", recipient_id: "1\u0000" }] }),
    ],
    ["a lone high surrogate", ["filed"], () => text("x").replace('"x"', '"\\ud83d ohne Ende"')],
    ["a lone low surrogate", ["filed"], () => text("x").replace('"x"', '"\\udc4d"')],
    ["lone surrogates in sender and id", ["held: unknown"], () => text("x", { from: "\ud800", id: `${id()}\udfff` })],
    [
      "every control character",
      ["filed"],
      () => text(Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join("")),
    ],
    ["HL7's own delimiters", ["filed"], () => text("MSH|^~\\&|\rPID|1\r\\.br\\\\X0D\\")],
    ["turned writing direction and a byte order mark", ["filed"], () => text("\ufeff\u202etxet\u2066")],
  ])("%s: %j", async (_what, expected, body) => {
    expect(await verdicts(body())).toEqual(expected);
  });
});

describe("names that mean something to JavaScript", () => {
  test("are members like any other", async () => {
    const poison =
      '"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"hasOwnProperty":1,"toJSON":2';
    const bodies = [
      `{${poison},"entry":[{${poison},"id":"1","changes":[{${poison},"field":"messages","value":{${poison}}}]}]}`,
      text("x").replace('"type":"text"', `"type":"text",${poison}`),
      text("x").replace('{"body":"x"}', `{"body":"x",${poison}}`),
      ...["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"].map((type) => text("x", { type })),
      ...["__proto__", "constructor", "toString"].map((status) =>
        envelope({ metadata, statuses: [{ id: id(), status, timestamp: "1764000000", recipient_id: "1" }] }),
      ),
      ...["__proto__", "constructor"].map((field) => envelope({ metadata, a: 1 }, field)),
    ];
    for (const verdict of await verdicts(...bodies)) expect(verdict).toMatch(/^(filed|held)/);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("sizes and numbers", () => {
  test.each([
    ["a text of 2 MB", ["filed"], () => text("ä".repeat(1_000_000))],
    ["an id of 1 MB", ["filed"], () => text("x", { id: id() + "9".repeat(1_000_000) })],
    ["a sender of 1 MB", ["held: unknown"], () => text("x", { from: "9".repeat(1_000_000) })],
    ["a type of 1 MB", ["held: unsupported"], () => text("x", { type: "t".repeat(1_000_000) })],
    [
      "50,000 unknown members",
      ["filed"],
      () => text("x", Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`m${n}`, n]))),
    ],
    ["a time before 1970", ["filed"], () => text("x", { timestamp: "-1" })],
    ["a time beyond every calendar", ["filed"], () => text("x", { timestamp: "99999999999999999999" })],
    ["a time that is not a number", ["filed"], () => text("x", { timestamp: "NaN" })],
    [
      "numbers beyond double precision",
      ["filed"],
      () => text("x").replace('"timestamp":"1764000000"', '"timestamp":1e999'),
    ],
    [
      "latitude beyond the poles",
      ["held: malformed"],
      () => text("x", { type: "location", location: { latitude: 1e308, longitude: -1e308 } }),
    ],
  ])("%s: %j", async (_what, expected, body) => {
    expect(await verdicts(body())).toEqual(expected);
  });

  test("1,000 messages of one id are one message, 1,000 of different ids are 1,000", async () => {
    const message = (name: string) => ({
      from: "4915100000002",
      id: name,
      timestamp: "1764000000",
      type: "text",
      text: { body: "x" },
    });
    const post = (messages: unknown[]) => engine.post(signed(Buffer.from(envelope({ metadata, messages }))));
    const held = async () => {
      const { rows } = await engine.store.query<{ held: number }>(
        "SELECT count(*) AS held FROM message WHERE state = 'held'",
      );
      return rows[0]!.held;
    };
    const before = await held();
    expect(await post(Array.from({ length: 1_000 }, () => message("wamid.same")))).toBe(200);
    expect(await post(Array.from({ length: 1_000 }, () => message(id())))).toBe(200);
    await engine.eventually("1,001 are held", async () => (await held()) === before + 1_001);
  });

  test("more than 3.5 MB, and anything compressed, is refused before it is looked at", async () => {
    expect(await engine.post(signed(Buffer.alloc(4 * 1024 * 1024, 0x20)))).toBe(413);
    const bomb = signed(gzipSync(Buffer.alloc(100 * 1024 * 1024)));
    for (const encoding of ["gzip", "deflate", "br", "gzip, gzip", "x-unknown"]) {
      expect(await engine.post({ ...bomb, headers: { ...bomb.headers, "content-encoding": encoding } })).toBe(415);
    }
  });
});

test("after all this the engine serves others as before, and its log holds nothing of what was said", async () => {
  await engine.until(await engine.text("alles gut"), "filed");
  const logged = JSON.stringify(engine.logged);
  for (const personal of [PATIENT.phone, "alles gut", "polluted", "wamid."]) expect(logged).not.toContain(personal);
});
