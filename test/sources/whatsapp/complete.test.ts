import { describe, expect, test } from "@jest/globals";
import { cut } from "#src/sources/whatsapp/payload.ts";
import { expectLinear } from "../../support/growth.ts";

const NUMBER = "106540352242922";
const body = (message: string) =>
  Buffer.from(
    `{"entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"${NUMBER}"},"messages":[${message}]}}]}]}`,
  );
const one = (message: string) => {
  const { messages } = cut({ raw: body(message), receivedAt: "2026-11-23T10:00:00.000Z" }, NUMBER);
  expect(messages).toHaveLength(1);
  return messages[0]!;
};
const form = (answers: string) =>
  one(
    JSON.stringify({
      id: "wamid.form",
      from: "4915112345678",
      type: "interactive",
      interactive: { type: "nfm_reply", nfm_reply: { body: "Sent", response_json: answers } },
    }),
  );

describe("an id beyond what a number holds exactly", () => {
  test.each(["24230790383178626", "1234567890123456789", "9007199254740993"])("survives: %s", (id) => {
    const { attachments, hold } = form(`{"photo":[{"id":${id},"mime_type":"image/jpeg","sha256":"x"}]}`);
    expect([attachments?.[0]?.mediaId, hold]).toEqual([id, undefined]);
    const image = one(
      `{"id":"wamid.1","from":"4915112345678","type":"image","image":{"id": ${id},"mime_type":"image/png"}}`,
    );
    expect(image.attachments?.[0]?.mediaId).toBe(id);
  });

  test("changes nothing of other numbers, nor of digits in a text", () => {
    const location = (latitude: string) =>
      one(
        `{"id":"w","from":"49151","type":"location","location":{"latitude":${latitude},"longitude":7.1234567890123456}}`,
      );
    expect(location("51.123456789012345").content).toMatchObject({ latitude: Number("51.123456789012345") });
    const text = one(
      `{"id":"w","from":"49151","type":"text","text":{"body":": 12345678901234567890 :1234567890123456789"}}`,
    );
    expect(text.content).toEqual({ kind: "text", text: ": 12345678901234567890 :1234567890123456789" });
  });

  test("costs in proportion", () =>
    expectLinear(20_000, (count) =>
      one(`{"id":"w","type":"text","n":[${"12345678901234567,".repeat(count)}1],"text":{"body":"x"}}`),
    ));
});

describe("an upload in a form that nobody documents is held, never filed as an answer", () => {
  test.each([
    ["outside a list", { photo: { id: "1", mime_type: "image/jpeg", sha256: "x" } }],
    ["nested", { page: { photo: [{ id: "1", mime_type: "image/jpeg" }] } }],
    ["deep in a list", { pages: [[{ files: [{ media_id: "1" }] }]] }],
    [
      "of a URL with its key",
      { photo: [{ cdn_url: "https://x", encryption_metadata: { key: "k" }, file_name: "a.jpg" }] },
    ],
    ["beside something else", { photos: [{ id: "1", mime_type: "image/jpeg" }, "none"] }],
    ["without its id", { photos: [{ mime_type: "image/jpeg" }] }],
  ])("%s", (_where, answers) => {
    expect(form(JSON.stringify(answers)).hold).toBe("unsupported");
  });

  test.each([
    { name: "Erika", ok: true, n: 3, choices: ["a", "b"], nested: { a: [1, { b: "c" }] } },
    { photos: [{ id: "1", mime_type: "image/jpeg" }] },
  ])("other answers are not: %j", (answers) => {
    expect(form(JSON.stringify(answers)).hold).toBeUndefined();
  });
});
