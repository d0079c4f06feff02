import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { cut } from "#src/sources/whatsapp/payload.ts";
import { batch, imageUpdate, textUpdate } from "#src/simulators/whatsapp-cloud/payload.ts";
import type { Update } from "#src/simulators/whatsapp-cloud/payload.ts";

const NUMBER = "106540352242922";
const RECEIVED = "2026-11-23T10:00:00.000Z";
const SENT = 1_795_428_000;
const split = (body: unknown) => splitBytes(Buffer.from(JSON.stringify(body)));
const cutBytes = (raw: Buffer) => cut({ raw, receivedAt: RECEIVED }, NUMBER);
const splitBytes = (raw: Buffer) => cutBytes(raw).messages;
const change = (value: unknown, field: unknown = "messages") => ({ entry: [{ id: "1", changes: [{ field, value }] }] });
const value = (members: object) => ({ metadata: { phone_number_id: NUMBER }, ...members });
const one = (message: object, members: object = {}) => {
  const drafts = split(change(value({ messages: [message], ...members })));
  expect(drafts).toHaveLength(1);
  return drafts[0]!;
};

describe("a text", () => {
  test("is cut in full", () => {
    const update = textUpdate({
      from: "4915112345678",
      name: "E. M.",
      userId: "DE.134912",
      id: "wamid.A",
      timestamp: SENT,
      body: "Grüß Gott",
      replyTo: "wamid.B",
    });
    expect(split(batch(NUMBER, [update]))).toEqual([
      {
        externalId: "wamid.A",
        content: { kind: "text", text: "Grüß Gott" },
        sender: { phone: "4915112345678", userId: "DE.134912", displayName: "E. M." },
        direct: true,
        conversation: `${NUMBER}:4915112345678`,
        sentAt: new Date(SENT * 1_000).toISOString(),
        replyTo: "wamid.B",
        raw: {
          field: "messages",
          value_metadata: { display_phone_number: "4930901820", phone_number_id: NUMBER },
          contact: update.contact,
          element: update.message,
        },
      },
    ]);
  });

  test("keeps U+0000, lone surrogates and line ends as they are", () => {
    const body = "a\u0000b\ud800c\r\n\u2028\u202e👍";
    expect(one({ id: "x", type: "text", text: { body } }).content).toEqual({ kind: "text", text: body });
  });

  test("without a body is held as malformed, under its own id", () => {
    for (const text of [undefined, {}, { body: 1 }, { body: "" }, null, "x", ["x"]]) {
      expect(one({ id: "x", type: "text", text })).toMatchObject({
        externalId: "x",
        content: { kind: "unknown", sourceKind: "text" },
        hold: "malformed",
      });
    }
  });

  test("keeps members nobody knows yet", () => {
    const element = { id: "x", type: "text", text: { body: "hi", tone: "kind" }, from_logical_id: "7" };
    expect(one(element).raw).toMatchObject({ element });
  });
});

describe("an image", () => {
  const hex = "49f22763480629330995459bc310b593e1400f41591efcf07e9bced33d1419f2".slice(0, 64);
  const base64 = Buffer.from(hex, "hex").toString("base64");
  const attachment = (sha256: unknown) => one({ id: "x", type: "image", image: { id: "77", sha256 } }).attachments?.[0];

  test("names its attachment and keeps its caption", () => {
    const update = imageUpdate({
      from: "4915112345678",
      mediaId: "77",
      mimeType: "image/jpeg",
      sha256: base64,
      caption: "Wunde, Tag 3",
      url: "https://lookaside.fbsbx.com/x",
    });
    expect(split(batch(NUMBER, [update]))[0]).toMatchObject({
      content: { kind: "image", caption: "Wunde, Tag 3" },
      attachments: [
        { mediaId: "77", url: "https://lookaside.fbsbx.com/x", declaredType: "image/jpeg", announcedSha256: hex },
      ],
    });
  });

  test("has its digest in lower-case hex, whether it came in base64 or hex", () => {
    expect(attachment(base64)).toEqual({ mediaId: "77", announcedSha256: hex });
    expect(attachment(hex.toUpperCase())).toEqual({ mediaId: "77", announcedSha256: hex });
  });

  test("has no digest where the announced one is none", () => {
    for (const none of ["IMAGE_HASH", base64.slice(0, 30), `${hex}0`, 7, null, undefined]) {
      expect(attachment(none)).toEqual({ mediaId: "77" });
    }
  });

  test("without a media id is held as malformed", () => {
    expect(one({ id: "x", type: "image", image: { caption: "a" } })).toMatchObject({
      content: { kind: "unknown", sourceKind: "image" },
      hold: "malformed",
    });
  });

  test("takes a media id written as a number", () => {
    expect(one({ id: "x", type: "image", image: { id: 1003383421387256 } }).attachments).toEqual([
      { mediaId: "1003383421387256" },
    ]);
  });
});

describe("the sender", () => {
  const text = { id: "x", type: "text", text: { body: "a" } };
  const entry = { wa_id: "4915112345678", user_id: "DE.1", profile: { name: "N" } };

  test("is found by user id where the number is missing", () => {
    expect(one({ ...text, from_user_id: "DE.1" }, { contacts: [{ user_id: "DE.2" }, entry] }).sender).toEqual({
      phone: "4915112345678",
      userId: "DE.1",
      displayName: "N",
    });
  });

  test("shares a lane by number, and by user id only where there is no number", () => {
    expect(one({ ...text, from_user_id: "DE.1" }, { contacts: [entry] }).conversation).toBe(`${NUMBER}:4915112345678`);
    expect(one({ ...text, from: "4915112345678" }).conversation).toBe(`${NUMBER}:4915112345678`);
    expect(one({ ...text, from_user_id: "DE.1" }).conversation).toBe(`${NUMBER}:DE.1`);
    expect(one({ ...text, from: "4915112345678", group_id: "G1" }).conversation).toBe(`${NUMBER}:G1`);
  });

  test("is never taken for a phone number when it is a user id", () => {
    expect(one({ ...text, from: "US.13491208655302741918" }).sender).toEqual({ userId: "US.13491208655302741918" });
    expect(one({ ...text, from: "123" }).sender).toEqual({ userId: "123" });
  });

  test("never borrows the user id of another contact", () => {
    expect(one({ ...text, from: "4915100000000" }, { contacts: [entry] }).sender).toEqual({ phone: "4915100000000" });
  });

  test("is the only contact where the message names nobody, and nobody where there are two", () => {
    expect(one(text, { contacts: [entry] }).sender?.userId).toBe("DE.1");
    expect(one(text, { contacts: [entry, { wa_id: "491" }] }).sender).toBeUndefined();
  });

  test("may be written as a number", () => {
    expect(
      one({ ...text, from: 4915112345678 }, { contacts: [{ ...entry, wa_id: 4915112345678 }] }).sender,
    ).toMatchObject({
      phone: "4915112345678",
      userId: "DE.1",
    });
  });
});

describe("the time of sending", () => {
  const at = (timestamp: unknown) => one({ id: "x", type: "text", text: { body: "a" }, timestamp }).sentAt;

  test("is read from seconds, as string or number", () => {
    expect(at("1749416383")).toBe("2025-06-08T20:59:43.000Z");
    expect(at(1749416383)).toBe("2025-06-08T20:59:43.000Z");
  });

  test("is the reception where it cannot be true", () => {
    for (const wrong of [
      "0",
      "-1",
      "1749416383000",
      1e300,
      Number.NaN,
      "",
      "soon",
      "99999999999",
      null,
      undefined,
      {},
    ]) {
      expect(at(wrong)).toBe(RECEIVED);
    }
  });
});

describe("what the engine cannot carry yet", () => {
  test("a message of a type nobody knows becomes a held message of its own", () => {
    expect(one({ id: "x", from: "4915112345678", type: "hologram", hologram: {} })).toMatchObject({
      externalId: "x",
      content: { kind: "unknown", sourceKind: "hologram" },
      hold: "unsupported",
      sender: { phone: "4915112345678" },
    });
  });

  test("a type that says little alone is shown with its subtype", () => {
    expect(one({ id: "x", type: "unsupported", unsupported: { type: "edit" } }).content).toEqual({
      kind: "unknown",
      sourceKind: "unsupported:edit",
    });
    expect(one({ id: "x", type: "interactive" }).content).toEqual({ kind: "unknown", sourceKind: "interactive" });
  });

  test("a type that tries to inject is shown tamed", () => {
    const { content } = one({ id: "x", type: `<script>\r\nMSH|^~\\&${"A".repeat(1_000)}` });
    expect(content).toMatchObject({ kind: "unknown", sourceKind: expect.stringMatching(/^[a-z0-9_:.-]{1,64}$/) });
  });

  test("a member of a messages change that nobody knows is not dropped beside the messages", () => {
    const drafts = split(
      change(value({ messages: [{ id: "x", type: "text", text: { body: "a" } }], whispers: [1, 2] })),
    );
    expect(drafts.map((draft) => draft.content)).toEqual([
      { kind: "text", text: "a" },
      { kind: "unknown", sourceKind: "field:messages:whispers" },
    ]);
  });

  test("an empty messages change is still one message", () => {
    expect(split(change(value({})))).toMatchObject([
      { content: { sourceKind: "field:messages" }, hold: "unsupported" },
    ]);
  });
});

describe("what is not for this channel, or not readable", () => {
  test("a message for another number is cut in full and held", () => {
    const drafts = split(batch("999", [textUpdate({ from: "4915112345678", body: "hi" })]));
    expect(drafts).toMatchObject([
      { content: { kind: "text", text: "hi" }, hold: "foreign_number", conversation: "999:4915112345678" },
    ]);
  });

  test("a message that names no number is held", () => {
    expect(split(change({ messages: [{ id: "x", type: "text", text: { body: "a" } }] }))).toMatchObject([
      { content: { kind: "text" }, hold: "malformed" },
    ]);
  });

  test.each([
    ["nothing", Buffer.alloc(0)],
    ["no JSON", Buffer.from("{")],
    ["invalid UTF-8", Buffer.from('{"entry":[{"id":"\xff"}]}', "latin1")],
    ["a list", Buffer.from("[]")],
    ["null", Buffer.from("null")],
    ["no entry", Buffer.from('{"object":"whatsapp_business_account"}')],
    ["an empty entry list", Buffer.from('{"entry":[]}')],
    ["a million brackets", Buffer.from(`{"entry":${"[".repeat(500_000)}${"]".repeat(500_000)}}`)],
  ])("%s becomes exactly one held message, the same each time, with its bytes", (_, raw) => {
    const drafts = splitBytes(raw);
    expect(drafts).toMatchObject([
      {
        hold: "malformed",
        externalId: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
        raw: { base64: raw.toString("base64") },
      },
    ]);
    expect(splitBytes(raw)).toEqual(drafts);
  });

  test("an unreadable part does not take the readable ones with it", () => {
    const drafts = split({
      entry: [
        7,
        { id: "1" },
        { changes: [null, { field: "messages" }] },
        ...change(value({ messages: [null, { id: "x", type: "text", text: { body: "a" } }] })).entry,
      ],
    });
    expect(drafts.map((draft) => draft.hold)).toEqual([
      "malformed",
      "malformed",
      "malformed",
      "malformed",
      "malformed",
      undefined,
    ]);
  });

  test("a member called __proto__ is a member like any other", () => {
    const raw = Buffer.from(
      `{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"${NUMBER}"},"messages":[{"__proto__":{"type":"text"},"type":"__proto__"}]}}]}]}`,
    );
    expect(splitBytes(raw)).toMatchObject([{ content: { kind: "unknown", sourceKind: "__proto__" } }]);
    expect(({} as Record<string, unknown>)["type"]).toBeUndefined();
  });
});

describe("identity", () => {
  const hello = { id: "x", type: "text", text: { body: "a" } };

  test("an id repeated with the same content stays one message", () => {
    const drafts = split(change(value({ messages: [hello, { ...hello, timestamp: "1749416383" }] })));
    expect(drafts.map(({ externalId, part }) => [externalId, part])).toEqual([
      ["x", undefined],
      ["x", undefined],
    ]);
  });

  test("an id repeated with other content does not vanish", () => {
    const drafts = split(
      change(value({ messages: [hello, { ...hello, text: { body: "b" } }, { ...hello, type: "audio" }] })),
    );
    expect(new Set(drafts.map(({ externalId, part }) => `${externalId}/${part ?? ""}`)).size).toBe(3);
  });

  test("without an id a message is known by its content, whatever the order of its members", () => {
    const anonymous = { type: "text", text: { body: "a" } };
    const first = one(anonymous).externalId;
    expect(first).toMatch(/^sha256:/);
    expect(one({ text: { body: "a" }, type: "text" }).externalId).toBe(first);
    expect(one({ ...anonymous, text: { body: "b" } }).externalId).not.toBe(first);
  });
});

describe("any event", () => {
  const update = fc
    .record({ from: fc.stringMatching(/^49\d{8,11}$/), body: fc.string({ unit: "binary", minLength: 1 }) })
    .map(textUpdate);

  test("with n updates is cut into n messages, in order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(update, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 5 }),
        (groups) => {
          const entry = groups.flatMap((updates) => batch(NUMBER, updates)["entry"] as unknown[]);
          const drafts = split({ entry });
          expect(drafts.map((draft) => draft.externalId)).toEqual(
            groups.flat().map((each: Update) => each.message["id"]),
          );
          expect(drafts.every((draft) => draft.content.kind === "text" && draft.hold === undefined)).toBe(true);
        },
      ),
    );
  });

  test("of arbitrary JSON is cut without an exception, into at least one message", () => {
    const json = fc.jsonValue({ maxDepth: 3, depthSize: "xsmall" });
    const few = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { maxLength: 2 });
    const some = <T>(names: string[], member: fc.Arbitrary<T>) =>
      fc.dictionary(fc.constantFrom(...names), member, { maxKeys: 4 });
    const element = some(["type", "id", "from", "text", "image", "context", "timestamp"], json);
    const lists = ["messages", "statuses", "errors", "contacts", "metadata", "x"];
    const change = fc.record({
      field: fc.constantFrom("messages", 7, "account_update"),
      value: fc.oneof(json, some(lists, fc.oneof(json, few(element)))),
    });
    const shaped = fc.record({ entry: few(fc.oneof(json, fc.record({ changes: few(change) }))) });
    fc.assert(
      fc.property(fc.oneof(json, shaped), (body) => {
        const raw = Buffer.from(JSON.stringify(body));
        const { messages, notices } = cutBytes(raw);
        expect(messages.length + notices.length).toBeGreaterThan(0);
        expect(() => JSON.stringify([messages, notices])).not.toThrow();
        expect(cutBytes(raw)).toEqual({ messages, notices });
      }),
      { numRuns: 300 },
    );
  });

  test("of arbitrary bytes is cut into exactly one message", () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => splitBytes(Buffer.from(bytes)).length === 1));
  });

  test("of 1,000 updates and 3 MB takes well under a second", () => {
    const updates = Array.from({ length: 1_000 }, (_, n) =>
      textUpdate({ from: `4915${String(n).padStart(9, "0")}`, body: "ä".repeat(1_300) }),
    );
    const raw = Buffer.from(JSON.stringify(batch(NUMBER, updates)));
    expect(raw.length).toBeGreaterThan(2_800_000);
    const start = performance.now();
    expect(splitBytes(raw)).toHaveLength(1_000);
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});
