import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { draws } from "#src/rendition/fonts.ts";
import { runsOf } from "#src/rendition/runs.ts";
import { wrap } from "#src/rendition/wrap.ts";

/** Every character as wide as any other. */
const measure = ({ text }: { text: string }) => Array.from(text).length * 5;
const lines = (text: string, width = 100) =>
  wrap(text, "text", width, measure).map(({ runs }) => runs.map((run) => run.text).join(""));

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
        const drawn = wrap(text, "text", width, measure);
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

  it("lays out 64 KiB without a single space", () => {
    expect(lines("x".repeat(65_536), 480).length).toBe(Math.ceil(65_536 / 96));
  });
});
