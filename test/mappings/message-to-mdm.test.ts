import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it, test } from "@jest/globals";
import fc from "fast-check";
import { charsetOf } from "#src/hl7/charset-of.ts";
import { encode } from "#src/hl7/encode.ts";
import type { Hl7Message } from "#src/hl7/message.ts";
import { parseHl7 } from "#src/hl7/parse.ts";
import { controlId, messageId } from "#src/message/id.ts";
import type { MessageKind } from "#src/message/content.ts";
import { CHANNEL, message, profiles, render, renderWith } from "./mdm-fixtures.ts";

/** Every kind there is; the compiler names a missing one. */
const KINDS: Readonly<Record<MessageKind, true>> = {
  text: true,
  image: true,
  audio: true,
  video: true,
  document: true,
  sticker: true,
  location: true,
  contacts: true,
  choice: true,
  reaction: true,
  order: true,
  note: true,
  edit: true,
  revoke: true,
  call: true,
  hl7: true,
  unknown: true,
};

const EXAMPLES = "mappings/message-to-mdm/examples";
const read = (made: Hl7Message) => {
  const bytes = encode(made, { charset: charsetOf(made) }).pieces.map((piece) =>
    Buffer.isBuffer(piece) ? piece : Buffer.from("QkxPQg=="),
  );
  return parseHl7(Buffer.concat(bytes));
};
const numberOf = (externalId: string) => controlId(messageId(CHANNEL, externalId), "document");
const picture = (bytes: number, type = "image/jpeg") => ({
  attachments: [
    {
      id: "a-1",
      ordinal: 0,
      reference: { mediaId: "1" },
      verdict: "clean" as const,
      stored: { sha256: "ab".repeat(32), sha1: "cd".repeat(20), bytes, type },
    },
  ],
});

describe("golden examples", () => {
  const examples = readdirSync(EXAMPLES).map((name) => {
    const given = JSON.parse(readFileSync(`${EXAMPLES}/${name}/in.json`, "utf8"));
    return { kind: String(given.message.content.kind), profile: String(given.params.profile ?? "international-2.5.1") };
  });

  it.each(profiles.names.map((name) => [name]))("are there for every kind of message in %s", (profile) => {
    const covered = new Set(examples.filter((one) => one.profile === profile).map(({ kind }) => kind));
    expect([...covered].sort()).toEqual(Object.keys(KINDS).sort());
  });
});

describe("document events", () => {
  const text = message("t", { kind: "text", text: "Hallo" });
  const about = {
    reaction: message("r", { kind: "reaction", emoji: "👍", target: "t" }),
    edit: message("e", { kind: "edit", target: "t", revised: { kind: "text", text: "Hallo!" } }),
    revoke: message("x", { kind: "revoke", target: "t" }),
    reply: message("y", { kind: "text", text: "Ja" }, { replyTo: "t" }),
  };
  const event = (made: Hl7Message) => {
    const parsed = read(made);
    const [trigger, structure, document, parent] = [
      parsed.value("MSH", 9, 2),
      parsed.value("MSH", 9, 3),
      parsed.value("TXA", 12),
      parsed.value("TXA", 13),
    ];
    return {
      trigger,
      structure,
      document,
      parent,
      observations: parsed.segments.filter((name) => name === "OBX").length,
    };
  };

  it("files a new message under a number of its own", () => {
    expect(event(render(text))).toEqual({
      trigger: "T02",
      structure: "MDM_T02",
      document: numberOf("t"),
      parent: "",
      observations: 1,
    });
  });

  it("adds a reaction to the document of the message reacted to", () => {
    expect(event(render(about.reaction))).toMatchObject({
      trigger: "T06",
      document: numberOf("r"),
      parent: numberOf("t"),
    });
  });

  it("replaces the document by a later wording, or edits it, as the profile says", () => {
    expect(event(render(about.edit))).toMatchObject({ trigger: "T10", document: numberOf("e"), parent: numberOf("t") });
    expect(event(render(about.edit, { profile: "german-2.5" }))).toMatchObject({
      trigger: "T08",
      document: numberOf("t"),
      parent: "",
    });
  });

  it("never lets a later caption take the place of the picture it came with", () => {
    const edit = message("e", { kind: "edit", target: "p", revised: { kind: "image", caption: "links" } });
    expect(event(render(edit))).toMatchObject({ trigger: "T06", parent: numberOf("p") });
    expect(event(render({ ...edit, ...picture(10) }))).toMatchObject({
      trigger: "T10",
      parent: numberOf("p"),
      observations: 2,
    });
  });

  it("marks what its sender deleted, and leaves the document alone", () => {
    expect(event(render(about.revoke))).toMatchObject({
      trigger: "T06",
      document: numberOf("x"),
      parent: numberOf("t"),
    });
    const made = read(render(about.revoke));
    expect([made.value("OBX", 5), made.value("TXA", 19), made.value("TXA", 21)]).toEqual([
      "[Vom Absender gelöscht]",
      "AV",
      "Vom Absender gelöscht",
    ]);
  });

  it("takes a message out of a wrong chart under the number it was filed with, with a control id of its own", () => {
    for (const [one, document] of [
      [text, numberOf("t")],
      [about.reaction, numberOf("r")],
    ] as const) {
      const made = read(render(one, {}, true));
      expect(event(render(one, {}, true))).toMatchObject({
        trigger: "T11",
        structure: "MDM_T01",
        document,
        observations: 0,
      });
      expect(made.value("TXA", 19)).toBe("CA");
      expect(made.value("MSH", 10)).not.toBe(read(render(one)).value("MSH", 10));
    }
  });

  it("has only the two structures there are, content where the event carries it, and PV1 always", () => {
    const policies = {
      message: ["T02", "T01"],
      reply: ["T02", "T06", "T05", "T01"],
      reaction: ["T06", "T05", "T02"],
      edit: ["T10", "T09", "T08", "T07", "T06", "T05", "T02"],
      revoke: ["T06", "T05", "T04", "T03", "T02", "T11"],
    };
    const profile = profiles.get("international-2.5.1")!;
    for (const [key, triggers] of Object.entries(policies)) {
      for (const trigger of triggers) {
        const one = key === "message" ? text : about[key as keyof typeof about];
        const given = { ...profile, events: { ...profile.events, [key]: trigger } };
        const made = renderWith(one, given);
        const withContent = ["T02", "T04", "T06", "T08", "T10"].includes(trigger);
        expect(event(made)).toMatchObject({
          trigger,
          structure: withContent ? "MDM_T02" : "MDM_T01",
          observations: withContent ? 1 : 0,
        });
        expect(read(made).segments.slice(0, 5)).toEqual(["MSH", "EVN", "PID", "PV1", "TXA"]);
      }
    }
  });

  it("names the other document in the text where the document stands alone", () => {
    const lines = read(render(about.reaction, { profile: "german-2.5" })).repetitions("OBX", 5);
    expect(lines.map((line) => line[0]?.[0])).toEqual(["[Reaktion] ?", "[Zu einer früheren Nachricht]"]);
  });
});

describe("content", () => {
  const photo = (bytes: number, type?: string) =>
    message("p", { kind: "image", caption: "Knie" }, picture(bytes, type));
  const profile = (change: object) => ({ ...profiles.get("international-2.5.1")!, ...change });

  test.each([
    ["international", ["IM", "JPEG"]],
    ["mime", ["image", "jpeg"]],
    ["german", ["image/jpeg", ""]],
  ])("an image in the %s form of ED", (encapsulated, [type, subtype]) => {
    const made = read(renderWith(photo(10), profile({ encapsulated })));
    const value = [2, 3, 4, 5].map((component) => made.value("OBX", 5, component, 1));
    expect(value).toEqual([type, subtype, "Base64", "QkxPQg=="]);
  });

  it("text as FT keeps its lines and cannot smuggle formatting in", () => {
    const one = message("t", { kind: "text", text: "eins | zwei\n\\.sp+3\\drei" });
    const made = read(renderWith(one, profile({ text: "FT" })));
    expect(made.value("OBX", 2)).toBe("FT");
    expect(made.raw("OBX", 5)).toBe("eins \\F\\ zwei\\.br\\\\E\\.sp+3\\E\\drei");
  });

  it("a picture that is too large is refused, made smaller, or pointed to, and the document says which", () => {
    const limit = { max_inline_bytes: 1_000 };
    expect(() => render(photo(1_001), { ...limit, oversize: "refuse" })).toThrow(
      "1001 bytes is larger than max_inline_bytes (1000)",
    );
    const scaled = render(photo(1_001), { ...limit, oversize: "scale" });
    expect(scaled.segments.at(-1)?.fields[4]).toEqual(["", "IM", "JPEG", "Base64", { scaled: "a-1", maxBytes: 1_000 }]);
    expect(read(scaled).raw("OBX", 5)).toContain(
      "[Bild verkleinert auf höchstens 1 kB; Original image/jpeg, 2 kB, SHA-256 abab",
    );
    const url = "https://kis.example/{attachment}/{sha256}";
    const pointed = read(render(photo(1_001), { ...limit, oversize: "reference", reference_url: url }));
    expect(pointed.value("OBX", 2, 1, 1)).toBe("RP");
    expect(pointed.value("OBX", 5, 1, 1)).toBe(`https://kis.example/a-1/${"ab".repeat(32)}`);
    expect(pointed.raw("OBX", 5)).toContain("[Anlage nicht eingebettet: ");
  });

  it("a file that cannot be made smaller is mentioned, or pointed to where there is an address", () => {
    const film = message("v", { kind: "video" }, picture(1_001, "video/mp4"));
    const given = { max_inline_bytes: 1_000, oversize: "scale" };
    const mentioned = render(film, given).segments.filter(({ name }) => name === "OBX");
    expect(mentioned).toHaveLength(1);
    expect(JSON.stringify(mentioned)).toMatch(
      /\[Anlage zu groß für dieses Dokument: video\/mp4, 2 kB, .*unter Binary\//,
    );
    expect(read(render(film, { ...given, reference_url: "https://kis.example/{message}" })).value("OBX", 2, 1, 1)).toBe(
      "RP",
    );
  });

  it("what cannot be drawn goes beside the PDF, or is named in it", () => {
    const voice = message("v", { kind: "audio", voice: true }, picture(10, "audio/ogg"));
    const attached = render(voice, { profile: "german-2.5-pdf" }).segments.filter(({ name }) => name === "OBX");
    expect(attached).toHaveLength(2);
    const alone = render(voice, { profile: "ishmed-2.6" }).segments.filter(({ name }) => name === "OBX");
    expect(alone).toHaveLength(1);
    expect(JSON.stringify(alone)).toContain("[Anlage nicht im Dokument: audio/ogg]");
  });

  it("any text arrives as it was typed", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (typed) => {
        const made = read(render(message("t", { kind: "text", text: typed })));
        const lines = made.repetitions("OBX", 5).map((line) => line[0]?.[0] ?? "");
        expect((lines.length === 0 ? [""] : lines).join("\n")).toBe(typed.split(/\r\n|\r|\n/).join("\n"));
      }),
    );
  });

  it("never sends a case number as a person's", () => {
    const made = read(render(message("t", { kind: "text", text: "x" })));
    expect(made.repetitions("PID", 3).map((one) => one[0]?.[0])).toEqual(["4711", "M-9"]);
  });

  it("refuses an attachment that was not found clean", () => {
    const [attachment] = picture(10).attachments;
    const held = { attachments: [{ ...attachment!, verdict: "pending" as const }] };
    expect(() => render(message("p", { kind: "image" }, held))).toThrow("no content to send");
  });
});
