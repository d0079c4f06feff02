import type { Filled, Path } from "./interpolate.ts";
import type { Issue } from "./zod-issues.ts";

/** A part of a value this long in a text is taken for a quotation of it. */
const TELLING = 5;

/**
 * The issue without anything of what the file's references stand for: secrets, and what the environment keeps to itself.
 * Where the value itself is at fault, its reference is named instead.
 */
export function conceal(issue: Issue, filled: readonly Filled[]): Issue {
  const related = filled.filter(({ path }) => isWithin(issue.path, path) || isWithin(path, issue.path));
  const quoted = related.filter(({ value }) => quotes(issue.message, value));
  const message = quoted.length > 0 ? "Its value does not fit" : withoutValues(issue.message, filled);
  const meant = related.filter((one) => isWithin(issue.path, one.path) || quoted.includes(one));
  const names = [...new Set(meant.map(({ reference }) => reference))];
  // Places in a value are counted with what its references stand for.
  const { offset: _offset, ...placed } = issue;
  return names.length === 0 ? { ...issue, message } : { ...placed, message: `${message} (from ${names.join(", ")})` };
}

/** Shorter ones keep nothing secret, and stand in every text. */
const SHORTEST = 3;

/** The text with each reference in place of its value. */
export function withoutValues(text: string, filled: readonly Filled[]): string {
  return filled
    .filter(({ value }) => value.length >= SHORTEST)
    .toSorted((a, b) => b.value.length - a.value.length)
    .reduce((said, { value, reference }) => said.replace(whole(value), () => reference), text);
}

/** A short value is only meant where it stands by itself: a port may be part of another number. */
function whole(value: string): RegExp {
  const [before, after] = value.length < TELLING ? ["(?<![\\p{L}\\p{N}])", "(?![\\p{L}\\p{N}])"] : ["", ""];
  return new RegExp(`${before}${value.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")}${after}`, "giu");
}

/** Whether the text holds the value or a telling part of it, in whatever letters. */
function quotes(text: string, value: string): boolean {
  const [said, secret] = [text.toLowerCase(), value.toLowerCase()];
  if (secret.length <= TELLING) return secret !== "" && whole(value).test(text);
  // Texts are short and values may be files: the text's parts are looked for in the value.
  for (let at = 0; at + TELLING <= said.length; at += 1) {
    if (secret.includes(said.slice(at, at + TELLING))) return true;
  }
  return false;
}

function isWithin(inner: Path, outer: Path): boolean {
  return outer.every((step, depth) => String(step) === String(inner[depth]));
}
