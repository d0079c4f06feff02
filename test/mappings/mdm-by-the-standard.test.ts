import { describe, expect, test } from "@jest/globals";
import { encode } from "#src/hl7/encode.ts";
import { parseHl7, type ParsedMessage } from "#src/hl7/parse.ts";
import type { Message } from "#src/message/message.ts";
import { pv1 } from "../../mappings/message-to-mdm/patient.ts";
import { segment } from "../../mappings/message-to-mdm/segment.ts";
import { message, profiles, render, renderWith } from "./mdm-fixtures.ts";

function parsed(output: ReturnType<typeof render>): ParsedMessage {
  const { pieces } = encode(output, { charset: "UNICODE UTF-8" });
  return parseHl7(Buffer.concat(pieces.filter((piece) => Buffer.isBuffer(piece))));
}

const text = (said: string, params: Record<string, unknown> = {}) =>
  parsed(made(message("t", { kind: "text", text: said }), params));

/** By the channel's parameters; `own`: by the standard's profile with these members of its own. */
function made(one: Message, { own, ...params }: Record<string, unknown>) {
  if (own === undefined) return render(one, params);
  const { fields = [] } = params;
  const standard = profiles.get("international-2.5.1");
  return renderWith(one, {
    ...standard,
    ...(own as object),
    fields: [...(standard?.fields ?? []), ...(fields as object[])],
  });
}

function file(type: string, params: Record<string, unknown>, fileName?: string) {
  const stored = { sha256: "ab".repeat(32), sha1: "cd".repeat(20), bytes: 4, type };
  const reference = { mediaId: "1", ...(fileName !== undefined && { fileName }) };
  const attachments = [{ id: "a-1", ordinal: 0, verdict: "clean", reference, stored }] as Message["attachments"];
  return parsed(made(message("d", { kind: "document" }, { attachments }), params));
}

const observations = (sent: ParsedMessage) =>
  sent.segments.filter((name) => name === "OBX").map((_, nth) => sent.repetitions("OBX", 5, nth).flat(2));

describe("type and subtype of what is encapsulated (ED)", () => {
  const form = (encapsulated: string, version?: string) => ({
    own: { encapsulated },
    ...(version !== undefined && { fields: [{ field: "MSH-12", value: version }] }),
  });
  const typeOf = (type: string, params: Record<string, unknown>) => {
    const sent = file(type, params);
    const nth = sent.segments.filter((name) => name === "OBX").length - 1;
    return [2, 3].map((component) => sent.value("OBX", 5, component, nth)).join("^");
  };

  test.each([
    ["image/jpeg", "2.5.1", "IM^JPEG", "IM^JPEG"],
    ["image/png", "2.5.1", "IM^PNG", "IM^Octet-stream"],
    ["application/pdf", "2.6", "AP^PDF", "AP^Octet-stream"],
    ["audio/ogg", "2.4^DEU", "AU^OGG", "AU^Octet-stream"],
    ["text/rtf", "2.5", "TX^RTF", "TX^RTF"],
    ["image/tiff", "2.3.1", "IM^TIFF", "IM^TIFF"],
    ["application/pdf", "2.7", "application^pdf", "application^pdf"],
    ["image/png", "2.8.1", "image^png", "image^png"],
  ])("of %s in version %s is %s, by the tables alone %s", (type, version, usual, table) => {
    expect(typeOf(type, form("international", version))).toBe(usual);
    expect(typeOf(type, form("tables", version))).toBe(table);
  });

  test("has its media type of table 0191 in i.s.h.med's version too", () => {
    const sent = text("Guten Tag", { profile: "ishmed-2.6", fields: [{ field: "PID-2", empty: true }] });
    expect([2, 3].map((component) => sent.value("OBX", 5, component))).toEqual(["AP", "PDF"]);
  });

  test("may be written by the table in TXA-3 of a German profile too", () => {
    const fields = [{ field: "TXA-3", from: "document.presentation" }];
    expect(file("application/pdf", { profile: "german-2.5", fields }).value("TXA", 3)).toBe("AP");
    expect(file("application/pdf", { profile: "german-2.5" }).value("TXA", 3)).toBe("application/pdf");
  });
});

describe("TXA-16", () => {
  test.each([
    [undefined, /^[0-9A-Z]{15}\.pdf$/],
    ["Befund.pdf", /^Befund\.pdf$/],
    ["Überweisung Dr. Müller.pdf", /^[0-9A-Z]{15}\.pdf$/],
  ])("of a file named %s has thirty characters with the application behind it", (name, expected) => {
    const sent = file("application/pdf", { profile: "german-2.5" }, name);
    expect(sent.value("TXA", 16)).toMatch(expected);
    expect(sent.value("TXA", 16, 2)).toBe("BOTENSTOFF");
    expect(sent.raw("TXA", 16).length).toBeLessThanOrEqual(30);
  });

  test("that a rule writes is left as it is", () => {
    const fields = [{ field: "TXA-16", value: "a-name-of-the-hospitals-own-choice.txt^BOTENSTOFF" }];
    expect(text("Guten Tag", { profile: "german-2.5", fields }).raw("TXA", 16)).toBe(fields[0]!.value);
  });
});

describe("text", () => {
  const said = Array.from({ length: 900 }, (_, nth) => `${nth} ${"ä|".repeat(45)}`);

  test.each(["TX", "FT"])("longer than OBX-5 goes on in further ones, whole (%s)", (kind) => {
    const sent = text(said.join("\n"), { own: { text: kind } });
    const values = observations(sent);
    expect(values.length).toBeGreaterThan(1);
    values.forEach((_, nth) => expect(sent.raw("OBX", 5, nth).length).toBeLessThanOrEqual(65_536));
    const lines = values.flatMap((value) => value.flatMap((one) => one.split("\r")));
    expect(lines.filter((line) => /^\d+ /.test(line))).toEqual(said);
    expect(values.map((_, nth) => sent.value("OBX", 4, 1, nth))).toEqual(values.map((_, nth) => String(nth + 1)));
  });

  test("of one line without end is cut between characters", () => {
    const line = "😀".repeat(70_000);
    const values = observations(text(line));
    expect(values.flat().join("")).toContain(line);
    for (const value of values.flat()) expect(value.isWellFormed()).toBe(true);
  });

  test("stays in one observation where the profile says so", () => {
    expect(observations(text(said.join("\n"), { own: { long_text: "keep" } }))).toHaveLength(1);
  });

  test("has blanks for tabs", () => {
    expect(observations(text("Wert\t5")).flat()).toContain("Wert 5");
  });
});

describe("EVN-6 of a cancellation", () => {
  test("is when that was decided, not when the message was written", () => {
    const sent = parsed(render(message("t", { kind: "text", text: "falsch" }), {}, true, "2026-07-02T10:00:00Z"));
    expect([sent.value("MSH", 9, 2), sent.value("EVN", 6)]).toEqual(["T11", "20260702100000+0000"]);
  });
});

describe("PV1-3", () => {
  test("is where the chosen case lies, as the ADT had it; empty where it did not say", () => {
    const number = { value: "F-1", authority: "KIS", type: "VN" };
    const sent = (encounter: Parameters<typeof pv1>[0]) =>
      parsed({ segments: [segment("MSH", 3, { 3: "B", 12: "2.5" }), pv1(encounter)] });
    const there = sent({ number, open: true, location: ["STAT3", "12", "1", "HAUS1"] });
    expect([1, 2, 3, 4].map((component) => there.value("PV1", 3, component))).toEqual(["STAT3", "12", "1", "HAUS1"]);
    expect(sent({ number, open: true }).value("PV1", 3)).toBe("");
  });
});
