import { draws, type FontName } from "./fonts.ts";

/** A stretch of a line in one font and one direction. */
export interface Run {
  readonly font: FontName;
  readonly text: string;
  readonly rightToLeft: boolean;
}

/** Cuts a text into characters as they are read. */
export const GRAPHEMES = new Intl.Segmenter("de", { granularity: "grapheme" });
const RIGHT_TO_LEFT = /\p{Script=Arabic}|\p{Script=Hebrew}|\p{Script=Syriac}|\p{Script=Thaana}/u;
const LETTER = /\p{L}/u;
const DIGIT = /\p{N}/u;
const PICTURED = /\p{Emoji_Presentation}|\uFE0F|\u200D|\p{Regional_Indicator}|\p{Emoji_Modifier}/u;
/** What breaks a line besides CR and LF (UAX #14), typed on a Mac for one: no font draws it, but words must not touch. */
const BREAKS = /[\n\v\f\r\u0085\u2028\u2029]/g;
/** Joiners and selectors say how to draw what stands beside them; a font without that picture draws them as nothing. */
const UNSEEN = /\p{Cf}|\p{Variation_Selector}/gu;

/**
 * Cuts a line into runs, in the order they are read. What no font can draw is named by its code point: PDF/A forbids the
 * empty box, and nothing may be missing unseen.
 * @param right whether the paragraph is read from the right: spaces and points between two directions follow it
 */
export function runsOf(line: string, base: "text" | "bold", right: boolean): Run[] {
  const graphemes = Array.from(
    GRAPHEMES.segment(line.replaceAll("\t", "    ").replaceAll(BREAKS, " ")),
    ({ segment }) => segment,
  );
  const directions = settled(graphemes.map(directionOf), right);
  const runs: Run[] = [];
  graphemes.forEach((grapheme, index) => {
    const rightToLeft = directions[index] ?? right;
    const { font, text } = drawable(grapheme, base);
    const last = runs.at(-1);
    if (text === "") return;
    if (last?.font === font && last.rightToLeft === rightToLeft) {
      runs[runs.length - 1] = { ...last, text: last.text + text };
    } else {
      runs.push({ font, text, rightToLeft });
    }
  });
  return runs;
}

/** True: from the right; undefined: a space or a point, which has no direction of its own. Digits are read from the left. */
function directionOf(grapheme: string): boolean | undefined {
  if (RIGHT_TO_LEFT.test(grapheme)) return !DIGIT.test(grapheme);
  return LETTER.test(grapheme) || DIGIT.test(grapheme) || PICTURED.test(grapheme) ? false : undefined;
}

/** What has no direction of its own takes that of both neighbours, where they agree, or else the paragraph's. */
function settled(directions: readonly (boolean | undefined)[], right: boolean): boolean[] {
  const found: boolean[] = [];
  let before: boolean | undefined;
  let from = 0;
  const fill = (to: number, after: boolean | undefined) => {
    const between = before === after ? before : undefined;
    for (; from < to; from += 1) found[from] = between ?? right;
  };
  for (const [index, direction] of directions.entries()) {
    if (direction === undefined) continue;
    fill(index, direction);
    found[index] = before = direction;
    from = index + 1;
  }
  fill(directions.length, undefined);
  return found;
}

/** Whether a paragraph begins, as it is read, on the right: its first letter says so. */
export function beginsRight(line: string): boolean {
  const [letter] = LETTER.exec(line) ?? [];
  return letter !== undefined && RIGHT_TO_LEFT.test(letter);
}

function drawable(grapheme: string, base: "text" | "bold"): { font: FontName; text: string } {
  const plain = grapheme.replaceAll(UNSEEN, "").replaceAll(/\p{Cc}/gu, "");
  const composed = plain.normalize("NFC");
  if (!PICTURED.test(grapheme) && draws(base, composed)) return { font: base, text: composed };
  const joined = grapheme.replaceAll("\uFE0F", "");
  if (PICTURED.test(grapheme) && draws("emoji", joined)) return { font: "emoji", text: joined };
  for (const font of ["emoji", base] as const) if (draws(font, plain)) return { font, text: plain };
  const named = Array.from(plain, (character) =>
    draws(base, character)
      ? character
      : `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}]`,
  );
  return { font: base, text: named.join("") };
}
