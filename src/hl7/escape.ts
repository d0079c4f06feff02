const ESCAPES: Readonly<Record<string, string>> = {
  "|": "\\F\\",
  "^": "\\S\\",
  "&": "\\T\\",
  "~": "\\R\\",
  "\\": "\\E\\",
};
const UNESCAPES: Readonly<Record<string, string>> = { F: "|", S: "^", T: "&", R: "~", E: "\\" };
// Control characters would end a segment (CR) or a frame (VT, FS); they travel as hex.
const SPECIAL = /[|^&~\\\p{Cc}]/gu;
const SEQUENCE = /\\([^\\\r]*)\\/g;

/**
 * Writes a plain value so that it can neither end its field nor its segment nor its frame (HL7 v2.5.1 §2.7.1): the one
 * place where this engine escapes. Delimiters are always the recommended `|^~\&`.
 */
export function escapeText(text: string): string {
  return text.replace(SPECIAL, (character) => ESCAPES[character] ?? hex(character));
}

/** The plain value of escaped text. Sequences it does not know (highlighting, formatting) stay as they are. */
export function unescapeText(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(SEQUENCE, (sequence, code: string) => UNESCAPES[code] ?? unhex(code) ?? sequence);
}

/** C1 controls are characters of the charset and harm nobody. */
function hex(character: string): string {
  if (character.charCodeAt(0) > 0x7f) return character;
  return `\\X${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}\\`;
}

/** `\Xdddd…\`: bytes, here of ASCII control characters only; others depend on a charset this level does not know. */
function unhex(code: string): string | undefined {
  if (code === ".br") return "\r";
  if (!/^X([0-7][0-9A-F])+$/i.test(code)) return undefined;
  return Buffer.from(code.slice(1), "hex").toString("latin1");
}
