import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { CHARSETS, decodeText, encodeText, type Charset } from "#src/hl7/charset.ts";
import { encode } from "#src/hl7/encode.ts";
import { escapeText, unescapeText } from "#src/hl7/escape.ts";
import { parseHl7 } from "#src/hl7/parse.ts";

/** Delimiters, escapes, line ends, frame bytes, umlauts, emoji, combining marks and lone halves of them. */
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .array(
      fc.constantFrom(
        ...Array.from('|^~\\&#\r\n\t\0\x0b\x1c\x7f\x85"XFSTRE.br0D€äßéÄ'),
        "\\F\\",
        "\\X0D\\",
        "\\.br\\",
        '""',
        "🩺",
        "👩🏽‍⚕️",
        "a\u0308",
        "\ud83e",
        "\uFEFF",
        "ł",
      ),
      { maxLength: 20 },
    )
    .map((parts) => parts.join("")),
);
const charset = fc.constantFrom(...CHARSETS);

function message(value: string, set: Charset) {
  return {
    segments: [
      { name: "MSH", fields: ["A", "", "", "", "", "", "ADT", "1", "P", "2.5.1", "", "", "", "", "", set] },
      { name: "OBX", fields: ["1", { repeat: [[value, [value, "x"]], value, "last"] }] },
    ],
  };
}

describe("escaping", () => {
  test("any text comes back, and holds nothing that ends a field, a segment or a frame", () => {
    fc.assert(
      fc.property(text, (value) => {
        const escaped = escapeText(value);
        expect(unescapeText(escaped)).toBe(value);
        expect(Array.from("|^~&\r\n\x0b\x1c").filter((character) => escaped.includes(character))).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  test("two quotes that somebody typed do not delete the receiver's value", () => {
    expect(escapeText('""')).toBe("\\X2222\\");
    expect(escapeText('a""')).toBe('a""');
  });

  test.each([
    ["\\F\\\\S\\\\T\\\\R\\\\E\\\\P\\", "|^&~\\#"],
    ["one\\.br\\two", "one\rtwo"],
    ["\\H\\bold\\N\\ \\.sp 2\\ \\C2842\\ \\Z1\\", "\\H\\bold\\N\\ \\.sp 2\\ \\C2842\\ \\Z1\\"],
    ["C:\\temp\\new", "C:\\temp\\new"],
    ["a\\", "a\\"],
    ["a\\b\\F\\c", "a\\b|c"],
    ["\\XC3BC\\", "ü"],
    ["\\xc3bc\\", "ü"],
    ["\\XC3\\", "\\XC3\\"],
    ["\\X0\\", "\\X0\\"],
  ])("reads %s", (escaped, plain) => expect(unescapeText(escaped)).toBe(plain));

  test("reads the bytes of a hex escape in the message's own charset", () => {
    expect(unescapeText("\\XFC\\", undefined, "8859/1")).toBe("ü");
    expect(unescapeText("\\XA4\\", undefined, "8859/15")).toBe("€");
  });
});

describe("every charset", () => {
  test("gives back what it holds and replaces the rest, one mark for one character, counted", () => {
    fc.assert(
      fc.property(text, charset, (value, set) => {
        const { bytes, replaced } = encodeText(value, set, "replace");
        const expected = set === "UNICODE UTF-8" ? value : value.normalize("NFC");
        const read = Array.from(decodeText(bytes, set));
        const wanted = Array.from(expected);
        expect(read).toHaveLength(wanted.length);
        const changed = read.filter((character, index) => character !== wanted[index]);
        expect(changed).toHaveLength(replaced);
        expect(changed.every((character) => character === "?")).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test("refuses, where the policy says so, exactly what it would replace", () => {
    fc.assert(
      fc.property(text, charset, (value, set) => {
        const { bytes, replaced } = encodeText(value, set, "replace");
        if (replaced === 0) expect(encodeText(value, set, "refuse").bytes).toEqual(bytes);
        else expect(() => encodeText(value, set, "refuse")).toThrow(`${replaced} characters are not in ${set}`);
      }),
    );
  });

  test("spells what it does not hold as people do, where the policy says so, and replaces only the rest", () => {
    const { bytes, replaced } = encodeText("„5 €“ – Šimek → 🩺 ẞ…", "8859/1", "transliterate");
    expect(bytes.toString("latin1")).toBe('"5 EUR" - Simek -> ? SS...');
    expect(replaced).toBe(1);
    expect(encodeText("5 € für Müller", "8859/15", "transliterate").bytes.toString("latin1")).toBe("5 \xa4 für Müller");
  });

  test("a refusal tells how much is not held and nothing of the text", () => {
    expect(() => encodeText("Knoten 🩺", "8859/1", "refuse")).toThrow(
      expect.objectContaining({ code: "MAPPING_FAILED", message: "encoding: 1 characters are not in 8859/1" }),
    );
  });

  test.each([
    ["8859/1", "ü", "fc"],
    ["8859/15", "€", "a4"],
    ["CP1252", "€", "80"],
    ["UNICODE UTF-8", "€", "e282ac"],
    ["8859/1", "a\u0308", "e4"],
    ["ASCII", "ü", "3f"],
  ] as const)("%s writes %s as %s", (set, value, hex) => {
    expect(encodeText(value, set, "replace").bytes.toString("hex")).toBe(hex);
  });
});

describe("a message", () => {
  test("of any text in any charset is read back as it was meant", () => {
    fc.assert(
      fc.property(text, charset, (value, set) => {
        const { pieces, replaced } = encode(message(value, set), { charset: set });
        const bytes = Buffer.concat(pieces.filter((piece) => Buffer.isBuffer(piece)));
        const read = parseHl7(bytes);
        expect(read.segments).toEqual(["MSH", "OBX"]);
        if (replaced > 0) return;
        const plain = set === "UNICODE UTF-8" ? value : value.normalize("NFC");
        expect(read.repetitions("OBX", 2)).toHaveLength(3);
        expect(read.value("OBX", 2)).toBe(plain);
        expect(read.repetitions("OBX", 2)[0]?.[1]).toEqual([plain, "x"]);
      }),
      { numRuns: 500 },
    );
  });

  test("leaves out what is not valued at the end of components and fields", () => {
    const { pieces } = encode(
      { segments: [{ name: "PID", fields: ["1", ["a", "", ["", ""], ""], "", undefined] }] },
      { charset: "8859/1" },
    );
    expect(pieces.map(String)).toEqual(["PID|1|a\r"]);
  });

  test("keeps a place for an attachment and touches nothing of it", () => {
    const { pieces } = encode(
      { segments: [{ name: "OBX", fields: [["", "IM", "JPEG", "Base64", { blob: "7" }], "F"] }] },
      { charset: "UNICODE UTF-8" },
    );
    expect(pieces).toEqual([Buffer.from("OBX|^IM^JPEG^Base64^"), { blob: "7" }, Buffer.from("|F\r")]);
  });
});
