/** Longer names are cut in the middle of their stem. */
const LONGEST = 120;
/** Marks that turn the direction of writing, and what has no width: `gpj.exe` must not be read as `exe.jpg`. */
const INVISIBLE = /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/gu;
const CONTROLS = /[\p{Cc}\u2028\u2029]+/gu;

/**
 * The name a sender gave a file, fit to be shown: no path, no line ends, nothing that turns its direction. Undefined where
 * nothing remains that names anything.
 */
export function shownFileName(given: string | undefined): string | undefined {
  const name = (cleaned(given).split(/[\\/]/).at(-1) ?? "").trim();
  if (name === "" || /^\.+$/.test(name)) return undefined;
  return shortened(name, LONGEST);
}

/** A name somebody gave themselves, on one line and in its own direction. */
export function shownName(given: string | undefined): string | undefined {
  const name = cleaned(given);
  return name === "" ? undefined : shortened(name, LONGEST);
}

function cleaned(given = ""): string {
  return given.toWellFormed().replace(CONTROLS, " ").replace(INVISIBLE, "").replaceAll(/\s+/g, " ").trim();
}

/** The ending of a name, lower case, without the dot; undefined where it has none. */
export function endingOf(name: string): string | undefined {
  return /[^.]\.([A-Za-z0-9]{1,8})$/.exec(name)?.[1]?.toLowerCase();
}

function shortened(name: string, longest: number): string {
  const characters = Array.from(name);
  if (characters.length <= longest) return name;
  const ending = endingOf(name);
  const tail = ending === undefined ? "" : `.${ending}`;
  return `${characters.slice(0, longest - tail.length - 1).join("")}…${tail}`;
}
