import { describe, expect, it } from "@jest/globals";
import { withProfile } from "#src/channel/hl7-profiles.ts";
import { encode } from "#src/hl7/encode.ts";
import type { Hl7Message } from "#src/hl7/message.ts";
import { parseHl7 } from "#src/hl7/parse.ts";
import type { Day } from "#src/message/day.ts";
import { controlId } from "#src/message/id.ts";
import type { Message } from "#src/message/message.ts";
import type { Sheet } from "#src/message/sheet.ts";
import { mapping, message, profiles, SUBJECT } from "./mdm-fixtures.ts";

const ERIKA = { phone: "4915112345678", displayName: "Erika" };
const at = (time: string) => ({ sentAt: `2026-07-01T${time}.000Z`, sender: ERIKA });
const stored = { sha256: "ab".repeat(32), sha1: "cd".repeat(20), bytes: 5, type: "image/png" };
const first = message("1", { kind: "text", text: "Guten Morgen" }, at("08:26:05"));
const photo = message(
  "2",
  { kind: "image", caption: "Knie" },
  {
    ...at("08:27:00"),
    attachments: [{ id: "a-2", ordinal: 0, reference: { mediaId: "m" }, verdict: "clean", stored }],
  },
);
const voice = message(
  "3",
  { kind: "audio", voice: true },
  {
    ...at("08:28:00"),
    attachments: [
      {
        id: "a-3",
        ordinal: 0,
        reference: { mediaId: "n" },
        verdict: "clean",
        stored: { ...stored, type: "audio/ogg" },
      },
    ],
  },
);
const reaction = message("4", { kind: "reaction", emoji: "👍", target: "1" }, at("09:00:00"));

const dayNumber = (one: Message) => controlId(one.id, "day");

function paramsOf(update: "T08" | "T10"): unknown {
  const found = withProfile({ profile: "german-2.5-day" }, profiles);
  if ("issue" in found) throw new Error(found.issue.message);
  const given = found.params as { profile: object };
  return mapping.params.parse({ ...given, profile: { ...given.profile, day: { update } } });
}

function draw(one: Message, day?: Partial<Day>, update: "T08" | "T10" = "T08", routedAt = "2026-07-01T20:00:00.000Z") {
  const output = mapping.map(one, {
    subject: SUBJECT,
    params: paramsOf(update),
    routedAt,
    ...(day && {
      day: { document: first.id, version: (day.earlier?.length ?? 0) + 1, elsewhere: 0, earlier: [], ...day },
    }),
  }) as Hl7Message;
  const { pieces } = encode(output, { charset: "8859/1" });
  const slots = pieces.filter((piece) => !Buffer.isBuffer(piece));
  const sheet = slots.flatMap((slot): Sheet[] => ("pdf" in slot ? [slot.pdf] : []))[0]!;
  const text = Buffer.concat(pieces.map((piece) => (Buffer.isBuffer(piece) ? piece : Buffer.from("x"))));
  const lines = sheet.blocks.flatMap((block) => ("lines" in block ? block.lines : [`{${block.picture}}`]));
  const read = parseHl7(text);
  return { read, lines, sheet, slots, at: [read.value("MSH", 9, 2), read.value("TXA", 12), read.value("TXA", 13)] };
}

describe("the document of a day", () => {
  it("begins with the first message", () => {
    const { at: event, lines, sheet } = draw(first);
    expect(event).toEqual(["T02", dayNumber(first), ""]);
    expect(lines).toEqual(["10:26:05 Uhr · +4915112345678 „Erika“", "Guten Morgen"]);
    expect(Object.fromEntries(sheet.facts)).toMatchObject({ Tag: "01.07.2026", Stand: "Version 1, 10:26:05 Uhr" });
  });

  it("holds everything so far in order, with pictures, and names what a reaction is about", () => {
    const { lines } = draw(reaction, { earlier: [first, photo] });
    expect(lines).toEqual([
      "10:26:05 Uhr · +4915112345678 „Erika“",
      "Guten Morgen",
      "10:27:00 Uhr · +4915112345678 „Erika“",
      "[Bild]",
      "Knie",
      "{a-2}",
      "11:00:00 Uhr · +4915112345678 „Erika“",
      "[Zu der Nachricht von 10:26:05 Uhr]",
      "[Reaktion] 👍",
    ]);
  });

  it("grows under one number by edits where the profile says T08", () => {
    expect(draw(photo, { earlier: [first] }).at).toEqual(["T08", dayNumber(first), ""]);
    expect(draw(reaction, { earlier: [first, photo] }).at).toEqual(["T08", dayNumber(first), ""]);
  });

  it("is replaced version by version where it says T10, each naming the one before", () => {
    expect(draw(first, undefined, "T10").at).toEqual(["T02", dayNumber(first), ""]);
    expect(draw(photo, { earlier: [first] }, "T10").at).toEqual(["T10", dayNumber(photo), dayNumber(first)]);
    const third = draw(reaction, { earlier: [first, photo] }, "T10");
    expect(third.at).toEqual(["T10", dayNumber(reaction), dayNumber(photo)]);
  });

  it("carries what cannot be drawn of every message beside it, in every version", () => {
    const { slots, read } = draw(reaction, { earlier: [first, voice] });
    expect(slots.slice(1)).toEqual([{ blob: "a-3" }]);
    expect(read.value("OBX", 5, 2, 1)).toBe("audio/ogg");
  });

  it("says what stands elsewhere, and what may", () => {
    expect(draw(photo, { document: photo.id, elsewhere: 2 }).lines[0]).toBe(
      "[2 weitere Nachrichten dieses Tages stehen in anderen Dokumenten]",
    );
    expect(draw(first, {}, "T08", "2026-07-03T08:00:00.000Z").lines[0]).toMatch(/^\[Nach diesem Tag eingegangen/);
  });

  it("ends at midnight where the hospital is, not in UTC", () => {
    expect(mapping.day?.("2026-07-01T21:59:59.000Z", paramsOf("T08"))).toBe("2026-07-01");
    expect(mapping.day?.("2026-07-01T22:00:00.000Z", paramsOf("T08"))).toBe("2026-07-02");
  });

  it("exists only where the profile asks for it", () => {
    const found = withProfile({ profile: "german-2.5-pdf" }, profiles);
    const params = mapping.params.parse("params" in found ? found.params : {});
    expect(mapping.day?.("2026-07-01T21:59:59.000Z", params)).toBeUndefined();
  });
});
