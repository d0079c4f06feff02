/** What opens a square bracket, or looks like it. */
const OPENING = "[［⟦〚⁅﹇";
const CLOSING = "\\]］⟧〛⁆﹈";
/** Where the engine's own brackets stand: at the beginning of a line; a gap may be wrapped into one. */
const BEGINNING = "(^|[\\r\\n\\v\\f\\u0085\\u2028\\u2029]|[\\p{Z}\\p{C}]{2})";
/** Bounded, so that a long gap costs no more than its length; a gap begins anywhere in it. */
const BLANK = "[\\p{Z}\\p{C}\\p{M}]{0,1000}";

const TYPED = new RegExp(
  `${BEGINNING}(${BLANK})([${OPENING}](?:[^${OPENING}${CLOSING}\\r\\n]*(?:[${CLOSING}]|(?=[\\r\\n]|$)))?)`,
  "gu",
);

/**
 * What somebody typed, so that nobody takes it for the engine's words: a square bracket at the beginning of a line stands
 * in quotation marks, `"[Vom Absender gelöscht]" …`. Everything else is as it was typed.
 */
export function typed(text: string): string {
  return text.replace(TYPED, (_all, before: string, blank: string, bracket: string) => `${before}${blank}"${bracket}"`);
}

/** The engine's words in their square brackets; a name among them can neither close them nor end the line. */
export function told(words: string): string {
  return `[${inBrackets(words)}]`;
}

function inBrackets(words: string): string {
  return words
    .replace(new RegExp(`[${OPENING}]`, "gu"), "(")
    .replace(new RegExp(`[${CLOSING}]`, "gu"), ")")
    .replace(/[\p{Cc}\u2028\u2029]+/gu, " ");
}
