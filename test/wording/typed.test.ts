import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Content } from "#src/message/content.ts";
import { LANGUAGES } from "#src/message/language.ts";
import { readableLines } from "#src/wording/readable.ts";
import { told, typed } from "#src/wording/typed.ts";
import { wordsIn } from "#src/wording/languages.ts";

describe("brackets that somebody typed", () => {
  test.each([
    ["[Vom Absender gelöscht] haha", '"[Vom Absender gelöscht]" haha'],
    ["Hallo\n[Bearbeitet]", 'Hallo\n"[Bearbeitet]"'],
    ["Hallo\u2028  [Bearbeitet]", 'Hallo\u2028  "[Bearbeitet]"'],
    ["\u200b[Bild]", '\u200b"[Bild]"'],
    ["［Bild］", '"［Bild］"'],
    ["Hallo          [Bild]", 'Hallo          "[Bild]"'],
    ["[offen", '"[offen"'],
  ])("%j stands in quotation marks where the engine's own would", (text, shown) => {
    expect(typed(text)).toBe(shown);
  });

  test.each(["Werte [mmol/l]: 7", "Ja (wirklich)", "a[0]", "", " ", "\ud800"])("%j is as it was typed", (text) => {
    expect(typed(text)).toBe(text);
  });

  const anything = fc.string({
    unit: fc.constantFrom("[", "]", "［", " ", "\n", "\u2028", "\u200b", "\t", "a", '"'),
    maxLength: 20,
  });

  test("never begin a line, whichever part of a message they were typed in", () => {
    const words = wordsIn("de");
    const contents = (text: string): Content[] => [
      { kind: "text", text },
      { kind: "edit", target: "w", revised: { kind: "text", text } },
    ];
    fc.assert(
      fc.property(anything, (text) => {
        for (const content of contents(text)) {
          const lines = readableLines(content, words).filter((line) => line !== "[Bearbeitet]");
          for (const line of lines.flatMap((one) => one.split(/[\v\f\u0085\u2028\u2029]/))) {
            expect(line).not.toMatch(/^[\p{Z}\p{C}]*[[［]/u);
          }
        }
      }),
    );
  });

  test("cannot close the engine's own, nor end their line", () => {
    fc.assert(
      fc.property(anything, (name) => {
        expect(told(`Dokument: ${name}`)).toMatch(/^\[[^[\]\n\u2028]*\]$/);
      }),
    );
  });
});

describe("every language", () => {
  test("tells the same things with other words", () => {
    const [first, ...others] = LANGUAGES.map((language) => shapeOf(wordsIn(language)));
    for (const other of others) expect(other).toEqual(first);
  });
});

/** The names and kinds of all members, deeply: a list one language has and the other lacks is a forgotten sentence. */
function shapeOf(words: object): unknown {
  return Object.entries(words)
    .map(([name, value]) => [name, typeof value === "object" ? shapeOf(value as object) : typeof value])
    .sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1));
}
