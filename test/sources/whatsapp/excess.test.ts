import { describe, expect, test } from "@jest/globals";
import { cut } from "#src/sources/whatsapp/payload.ts";
import { expectLinear } from "../../support/growth.ts";

const NUMBER = "106540352242922";
const METADATA = { display_phone_number: "4930901820", phone_number_id: NUMBER };
const raw = (value: object) =>
  Buffer.from(
    JSON.stringify({ entry: [{ id: "1", changes: [{ field: "messages", value: { metadata: METADATA, ...value } }] }] }),
  );
const split = (value: object) => cut({ raw: raw(value), receivedAt: "2026-11-23T10:00:00.000Z" }, NUMBER);
const many = <T>(count: number, make: (nth: number) => T): T[] => Array.from({ length: count }, (_, nth) => make(nth));
const text = (nth: number, body = "x", id = `wamid.${nth}`) => ({
  id,
  from: `4915${nth}`,
  type: "text",
  text: { body },
});
const form = (answers: object) => ({
  id: "wamid.form",
  type: "interactive",
  interactive: { type: "nfm_reply", nfm_reply: { body: "Sent", response_json: JSON.stringify(answers) } },
});

describe("cutting a body costs what it says, not the square of it:", () => {
  test("messages and their contacts", () =>
    expectLinear(3_000, (count) => {
      const contacts = many(count, (nth) => ({ wa_id: `4915${nth}`, profile: { name: `N${nth}` } }));
      expect(split({ contacts, messages: many(count, (nth) => text(nth)) }).messages).toHaveLength(count);
    }));

  test("one id for very many messages, the first of them very long", () =>
    expectLinear(2_000, (count) => {
      const messages = [
        text(0, "long ".repeat(count * 50), "wamid.same"),
        ...many(count, (nth) => text(nth, `${nth}`, "wamid.same")),
      ];
      expect(new Set(split({ messages }).messages.map(({ part }) => part)).size).toBe(count + 1);
    }));

  test("statuses and errors of one message", () =>
    expectLinear(3_000, (count) => {
      const statuses = many(count, (nth) => ({ id: "wamid.sent", status: "failed", errors: [{ code: nth }] }));
      split({ statuses });
      const [told] = split({
        statuses: [{ id: "wamid.sent", status: "failed", errors: many(count, (code) => ({ code })) }],
      }).notices;
      expect(told?.codes).toHaveLength(50);
    }));

  test("answers of a form, and its uploads", () =>
    expectLinear(10_000, (count) => {
      split({ messages: [form(Object.fromEntries(many(count, (nth) => [`field_${nth}`, `answer ${nth}`])))] });
      split({
        messages: [form({ photos: many(count, (id) => ({ id: `${id}`, mime_type: "image/jpeg", sha256: "x" })) })],
      });
    }));

  test("members nobody knows", () =>
    expectLinear(10_000, (count) => {
      split({ messages: [{ ...text(0), ...Object.fromEntries(many(count, (nth) => [`member_${nth}`, nth])) }] });
    }));
});

describe("a body that would cost many times its bytes is held in one piece:", () => {
  test.each([
    ["very many elements", { messages: many(20_000, () => 1) }],
    ["very many unknown members", Object.fromEntries(many(20_000, (nth) => [`member_${nth}`, {}]))],
    ["very many messages of history", { history: [{ threads: [{ id: "1", messages: many(20_000, () => 1) }] }] }],
    [
      "surroundings that each message would copy",
      { metadata: { ...METADATA, more: "x".repeat(100_000) }, messages: many(1_000, (nth) => text(nth)) },
    ],
    [
      "a contact that each message would copy",
      { contacts: [{ wa_id: "49150", more: "x".repeat(100_000) }], messages: many(1_000, () => text(0)) },
    ],
  ])("%s", (_what, value) => {
    const { messages, notices } = split(value);
    expect(messages).toMatchObject([{ hold: "malformed", raw: { base64: raw(value).toString("base64") } }]);
    expect(notices).toEqual([]);
  });

  test("but not the most that Meta sends", () => {
    expect(split({ messages: many(1_000, (nth) => text(nth, "x".repeat(2_500))) }).messages).toHaveLength(1_000);
    const history = [{ threads: many(100, (id) => ({ id: `${id}`, messages: many(100, (nth) => text(nth)) })) }];
    expect(split({ history }).messages).toHaveLength(10_000);
  });
});
