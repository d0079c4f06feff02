import iconv from "iconv-lite";
import { BotenstoffError } from "#src/message/error-code.ts";

/** Names of MSH-18 (HL7 table 0211) and the encodings behind them; CP1252 is not in the table, but on the wire. */
const ENCODINGS = {
  "UNICODE UTF-8": "utf8",
  ASCII: "ascii",
  "8859/1": "iso-8859-1",
  "8859/2": "iso-8859-2",
  "8859/3": "iso-8859-3",
  "8859/4": "iso-8859-4",
  "8859/5": "iso-8859-5",
  "8859/6": "iso-8859-6",
  "8859/7": "iso-8859-7",
  "8859/8": "iso-8859-8",
  "8859/9": "iso-8859-9",
  "8859/15": "iso-8859-15",
  CP1252: "windows-1252",
} as const;

export type Charset = keyof typeof ENCODINGS;
export const CHARSETS = Object.keys(ENCODINGS) as Charset[];

/** What to do with a character the set does not hold. */
export type Unencodable = "replace" | "refuse";

/** A byte order mark is text like any other. */
const AS_IT_STANDS = { stripBOM: false };

export function isCharset(name: string): name is Charset {
  return Object.hasOwn(ENCODINGS, name);
}

/**
 * Encodes text. For a set of single bytes the text is composed first (NFC): a phone may write "ä" as two characters,
 * of which the set holds only the one they make together.
 * @returns the bytes, and how many characters were replaced by "?"
 * @throws BotenstoffError MAPPING_FAILED where the policy is to refuse
 */
export function encodeText(text: string, charset: Charset, policy: Unencodable): { bytes: Buffer; replaced: number } {
  const encoding = ENCODINGS[charset];
  const unicode = charset === "UNICODE UTF-8";
  if (unicode && text.isWellFormed()) return { bytes: Buffer.from(text, "utf8"), replaced: 0 };
  const composed = unicode ? text : text.normalize("NFC");
  const bytes = iconv.encode(composed, encoding);
  if (iconv.decode(bytes, encoding, AS_IT_STANDS) === composed) return { bytes, replaced: 0 };
  const characters = Array.from(composed);
  const held = characters.map((character) => isHeld(character, encoding));
  const replaced = held.filter((is) => !is).length;
  if (policy === "refuse") {
    throw new BotenstoffError("MAPPING_FAILED", `encoding: ${replaced} characters are not in ${charset}`);
  }
  // iconv-lite would write one "?" for each half of an emoji.
  const written = characters.map((character, index) => (held[index] ? character : "?")).join("");
  return { bytes: iconv.encode(written, encoding), replaced };
}

function isHeld(character: string, encoding: string): boolean {
  return character < "\u0080" || iconv.decode(iconv.encode(character, encoding), encoding, AS_IT_STANDS) === character;
}

export function decodeText(bytes: Uint8Array, charset: Charset): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (charset === "UNICODE UTF-8") return buffer.toString("utf8");
  if (charset === "8859/1") return buffer.toString("latin1");
  return iconv.decode(buffer, ENCODINGS[charset], AS_IT_STANDS);
}
