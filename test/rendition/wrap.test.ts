import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { draws } from "#src/rendition/fonts.ts";
import { runsOf } from "#src/rendition/runs.ts";
import { wrap } from "#src/rendition/wrap.ts";

/** Every character as wide as any other. */
const measure = ({ text }: { text: string }) => Array.from(text).length * 5;
const lines = (text: string, width = 100) =>
  Array.from(wrap(text, "text", width, measure), ({ runs }) => runs.map((run) => run.text).join(""));

describe("breaking lines", () => {
  it("breaks at spaces, and a longer word wherever the line ends", () => {
    expect(lines("eins zwei drei vier fünf sechs")).toEqual(["eins zwei drei vier", "fünf sechs"]);
    expect(lines("Rindfleischetikettierungsüberwachung ja", 60)).toEqual([
      "Rindfleische",
      "tikettierung",
      "süberwachung",
      "ja",
    ]);
  });

  it("keeps an empty line", () => {
    expect(lines("")).toEqual([""]);
  });

  it("loses no character a font can draw, and no line is wider than the page", () => {
    const letter = fc.constantFrom(...Array.from("abcäöüßĞП 😟👍Ωم ש.,-"));
    fc.assert(
      fc.property(fc.array(letter, { maxLength: 200 }), fc.integer({ min: 40, max: 200 }), (letters, width) => {
        const text = letters.join("");
        const drawn = Array.from(wrap(text, "text", width, measure));
        const sorted = (value: string) => Array.from(value.replaceAll(" ", "")).sort().join("");
        const written = drawn.flatMap(({ runs }) => runs.map((run) => run.text)).join("");
        expect(sorted(written)).toBe(sorted(text.normalize("NFC")));
        for (const line of drawn) expect(line.width).toBeLessThanOrEqual(width);
      }),
    );
  });

  it("draws only what its fonts hold: everything else is named by its code point", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        for (const run of runsOf(text, "text", false)) expect(draws(run.font, run.text)).toBe(true);
      }),
    );
    expect(runsOf("中!", "text", false)).toEqual([{ font: "text", text: "[U+4E2D]!", rightToLeft: false }]);
  });

  it("keeps words apart where a line break of any kind is left between them", () => {
    for (const text of ["1\n5", "1\v5", "1\u00855", "1\u20285", "1\u20295"]) expect(lines(text)).toEqual(["1 5"]);
  });

  it("takes an emoji with its joiners as one picture, and drops the joiners no picture needs", () => {
    const family = "👨‍👩‍👧";
    expect(runsOf(`a ${family}❤️`, "text", false).map(({ font, text }) => [font, text])).toEqual([
      ["text", "a "],
      ["emoji", `${family}❤`],
    ]);
  });

  it("orders what is read from the right from the right, with digits from the left", () => {
    const [line] = wrap("ألم 38 درجة", "text", 1_000, measure);
    expect(line?.right).toBe(true);
    expect(line?.runs.map(({ text }) => text)).toEqual([" درجة", "38", "ألم "]);
  });

  it("breaks a character that is longer than any line, and what stands behind it", () => {
    const heaped = `${"\u0301".repeat(600)}${"x".repeat(1_000)}`;
    const drawn = Array.from(wrap(heaped, "text", 3_000, measure));
    expect(drawn.flatMap(({ runs }) => runs.map(({ text }) => text)).join("")).toBe(heaped);
    for (const { width } of drawn) expect(width).toBeLessThanOrEqual(3_000);
  });

  it("shapes no line more than a few times, however short its words", () => {
    let shaped = 0;
    const counted = ({ text }: { text: string }) => {
      shaped += text.length;
      return measure({ text });
    };
    for (const text of [" ".repeat(4_096), "- ".repeat(2_048), ".".repeat(4_096)]) {
      shaped = 0;
      Array.from(wrap(text, "text", 480, counted));
      expect(shaped).toBeLessThan(3 * text.length);
    }
  });

  it("lays out 64 KiB without a single space", () => {
    expect(lines("x".repeat(65_536), 480).length).toBe(Math.ceil(65_536 / 96));
  });
});
