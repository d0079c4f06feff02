import { decodeText, readText, type Charset } from "./charset.ts";
import { STANDARD, type Delimiters } from "./delimiters.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  "|": "\\F\\",
  "^": "\\S\\",
  "&": "\\T\\",
  "~": "\\R\\",
  "\\": "\\E\\",
};
// Control characters would end a segment (CR) or a frame (VT, FS); they travel as hex.
const SPECIAL = /[|^&~\\\p{Cc}]/gu;
/** Two quotes alone delete the receiver's value (HL7 v2.5.1 §2.5.3.5); nobody who types them means that. */
const NULL = '""';
const BYTES = /^X(?:[0-9A-F]{2})+$/i;
/** Highlighting, formatting, charset switches and local sequences (§2.7.1): known to be sequences, kept as they are. */
const KEPT = /^(?:[HN]|\..*|C[0-9A-F]{4}|M[0-9A-F]{4,6}|Z.*)$/i;

/**
 * Writes a plain value so that it can neither end its field nor its segment nor its frame (HL7 v2.5.1 §2.7.1): the one
 * place where this engine escapes. Delimiters are always the recommended `|^~\&`.
 */
export function escapeText(text: string): string {
  if (text === NULL) return "\\X2222\\";
  return text.replace(SPECIAL, (character) => ESCAPES[character] ?? hex(character));
}

/**
 * The plain value of escaped text, `\.br\` as CR. Formatting stays as it stands, and so does an escape character that
 * begins no sequence: senders forget to escape it.
 * @param charset of the message, for the bytes of `\Xdd…\`
 */
export function unescapeText(
  text: string,
  delimiters: Delimiters = STANDARD,
  charset: Charset = "UNICODE UTF-8",
): string {
  const { escape } = delimiters;
  let plain = "";
  let at = 0;
  for (;;) {
    const start = text.indexOf(escape, at);
    const end = start < 0 ? -1 : text.indexOf(escape, start + 1);
    if (end < 0) return plain + text.slice(at);
    const meaning = meaningOf(text.slice(start + 1, end), delimiters, charset);
    plain += meaning === undefined ? text.slice(at, end) : text.slice(at, start) + meaning;
    // What was no sequence may be closed by the escape character that opens the next one.
    at = meaning === undefined ? end : end + 1;
  }
}

function meaningOf(code: string, { field, component, repetition, escape, subcomponent }: Delimiters, charset: Charset) {
  switch (code) {
    case "F":
      return field;
    case "S":
      return component;
    case "T":
      return subcomponent;
    case "R":
      return repetition;
    case "E":
      return escape;
    case "P":
      return "#";
    case ".br":
      return "\r";
    default:
      return BYTES.test(code) ? unhex(code, escape, charset) : KEPT.test(code) ? escape + code + escape : undefined;
  }
}

/** C1 controls are characters of the charset and harm nobody. */
function hex(character: string): string {
  if (character.charCodeAt(0) > 0x7f) return character;
  return `\\X${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}\\`;
}

/** Bytes that are no text in the message's charset stay as they stand. */
function unhex(code: string, escape: string, charset: Charset): string {
  const bytes = Buffer.from(code.slice(1), "hex");
  const text = charset === "UNICODE UTF-8" ? decodeText(bytes, charset) : readText(bytes, charset).text;
  return text.includes("\uFFFD") ? escape + code + escape : text;
}
