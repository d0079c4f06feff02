import { beginsRight, GRAPHEMES, runsOf, type Run } from "./runs.ts";

/** More characters than any line holds: what is longer need not be measured. */
const LONGEST = 500;

export type Measure = (run: Run) => number;

/** A line as it is drawn: its runs from left to right. */
export interface DrawnLine {
  readonly runs: readonly (Run & { readonly width: number })[];
  readonly width: number;
  /** Stands at the right margin. */
  readonly right: boolean;
}

/**
 * Breaks a paragraph at its spaces, and a word that is longer than the line wherever the line ends. A line at a time: a
 * paragraph may have 64 KiB, and shaping it takes seconds. For the same reason the width of each word decides how many a
 * line takes, and only the line they make is shaped as a whole.
 */
export function* wrap(
  paragraph: string,
  base: "text" | "bold",
  width: number,
  measure: Measure,
): Generator<DrawnLine, void> {
  const right = beginsRight(paragraph);
  const widthOf = remembered((text) => (text.length > LONGEST ? Infinity : total(runsOf(text, base, right), measure)));
  const lineOf = (text: string) => drawn(text.trimEnd(), base, right, measure);
  const words = paragraph.split(/(?<= )/);
  for (let at = 0; at < words.length;) {
    const word = words[at] ?? "";
    const isLong = widthOf(word.trimEnd()) > width;
    const parts = isLong ? beginningOf(word) : words;
    const from = isLong ? 0 : at;
    let to = from + Math.max(1, fitting(parts, from, width, widthOf));
    let line = lineOf(parts.slice(from, to).join(""));
    // Side by side they may be wider than one by one.
    while (line.width > width && to > from + 1) {
      to -= 1;
      line = lineOf(parts.slice(from, to).join(""));
    }
    yield line;
    const rest = isLong ? word.slice(parts.slice(0, to).join("").length) : "";
    if (rest !== "") words[at] = rest;
    else at = isLong ? at + 1 : to;
  }
}

/** How many of the parts from there on a line takes. */
function fitting(parts: readonly string[], from: number, width: number, widthOf: (text: string) => number): number {
  let taken = 0;
  for (const [index, part] of parts.slice(from, from + LONGEST).entries()) {
    if (taken + widthOf(part.trimEnd()) > width) return index;
    taken += widthOf(part);
  }
  return Math.min(LONGEST, parts.length - from);
}

/** The first characters, as they are read, of a word that fits no line; one that is itself that long is cut. */
function beginningOf(word: string): string[] {
  const beginning = word.slice(0, LONGEST).replace(word.length > LONGEST ? /[\uD800-\uDBFF]$/ : "", "");
  const graphemes = Array.from(GRAPHEMES.segment(beginning), ({ segment }) => segment);
  return beginning.length < word.length && graphemes.length > 1 ? graphemes.slice(0, -1) : graphemes;
}

function remembered(measured: (text: string) => number): (text: string) => number {
  const known = new Map<string, number>();
  return (text) => {
    const width = known.get(text) ?? measured(text);
    known.set(text, width);
    return width;
  };
}

function drawn(line: string, base: "text" | "bold", right: boolean, measure: Measure): DrawnLine {
  const runs = runsOf(line, base, right).map((run) => ({ ...run, width: measure(run) }));
  const width = runs.reduce((sum, run) => sum + run.width, 0);
  return { runs: right ? runs.toReversed() : runs, width, right };
}

function total(runs: readonly Run[], measure: Measure): number {
  return runs.reduce((sum, run) => sum + measure(run), 0);
}
