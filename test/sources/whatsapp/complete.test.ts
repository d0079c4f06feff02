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

describe("what a known kind says beside what is documented is shown", () => {
  const also = (element: object) => one(JSON.stringify({ id: "w", from: "49151", ...element })).circumstances?.also;
  const media = { id: "1", mime_type: "audio/ogg" };

  test.each([
    [
      "a member of its part",
      { type: "audio", audio: { ...media, transcription: { text: "Hilfe" } } },
      ["audio.transcription.text: Hilfe"],
    ],
    [
      "a member of a place",
      { type: "location", location: { latitude: 1, longitude: 2, comment: "Tor 3" } },
      ["location.comment: Tor 3"],
    ],
    ["a second part", { type: "image", image: media, text: { body: "dazu" } }, ["text.body: dazu"]],
    ["a list", { type: "text", text: { body: "a", tags: ["x", 2] } }, ["text.tags.0: x", "text.tags.1: 2"]],
    [
      "a key, by its name alone",
      { type: "image", image: { ...media, encryption_metadata: { key: "k" } } },
      ["image.encryption_metadata: …"],
    ],
  ])("%s", (_what, element, lines) => {
    expect(also(element)).toEqual(lines);
  });

  test("nothing where all is documented", () => {
    const context = { from: "1", id: "wamid.2", forwarded: true };
    expect(
      also({ type: "image", timestamp: "1", context, image: { ...media, caption: "c", url: "https://x" } }),
    ).toBeUndefined();
  });

  test("at most twenty values, each cut", () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`n${index}`, "x".repeat(5_000)]));
    const lines = also({ type: "text", text: { body: "a", ...many } })!;
    expect(lines).toHaveLength(20);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(1_100);
  });
});
