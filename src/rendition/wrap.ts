import { beginsRight, runsOf, type Run } from "./runs.ts";

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

/** Breaks a paragraph at its spaces, and a word that is longer than the line wherever the line ends. */
export function wrap(paragraph: string, base: "text" | "bold", width: number, measure: Measure): DrawnLine[] {
  const right = beginsRight(paragraph);
  const fits = (line: string) => line.length <= LONGEST && total(runsOf(line, base, right), measure) <= width;
  const lines: string[] = [];
  let line = "";
  for (const word of paragraph.split(/(?<= )/)) {
    if (fits(line + word.trimEnd())) {
      line += word;
      continue;
    }
    if (line !== "") lines.push(line);
    line = word;
    while (!fits(line.trimEnd())) {
      const at = longestFit(line, fits);
      lines.push(line.slice(0, at));
      line = line.slice(at);
    }
  }
  return [...lines, line].map((text) => drawn(text.trimEnd(), base, right, measure));
}

/** Of a word that fits no line, as much as fits; at least one character, so that it ends. */
function longestFit(word: string, fits: (line: string) => boolean): number {
  const ends = Array.from(
    new Intl.Segmenter("de", { granularity: "grapheme" }).segment(word.slice(0, LONGEST)),
    ({ index }) => index,
  );
  let low = 1;
  let high = ends.length;
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if (fits(word.slice(0, ends[middle]))) low = middle;
    else high = middle;
  }
  return ends[low] ?? word.length;
}

function drawn(line: string, base: "text" | "bold", right: boolean, measure: Measure): DrawnLine {
  const runs = runsOf(line, base, right).map((run) => ({ ...run, width: measure(run) }));
  const width = runs.reduce((sum, run) => sum + run.width, 0);
  return { runs: right ? runs.toReversed() : runs, width, right };
}

function total(runs: readonly Run[], measure: Measure): number {
  return runs.reduce((sum, run) => sum + measure(run), 0);
}
