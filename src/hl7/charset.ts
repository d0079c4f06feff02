import { isUtf8 } from "node:buffer";
import iconv from "iconv-lite";
import { BotenstoffError } from "#src/message/error-code.ts";
import { transliterated } from "./transliterate.ts";

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
export type Unencodable = "replace" | "transliterate" | "refuse";

/** C1 control characters. */
const CONTROLS = /[\u0080-\u009f]/;
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
  if (iconv.decode(bytes, encoding, AS_IT_STANDS) === composed && !CONTROLS.test(composed))
    return { bytes, replaced: 0 };
  const characters = Array.from(composed);
  if (policy === "transliterate") {
    const spelled = characters.map((one) => (isHeld(one, encoding) ? one : (transliterated(one) ?? one))).join("");
    return encodeText(spelled, charset, "replace");
  }
  const held = characters.map((character) => isHeld(character, encoding));
  const replaced = held.filter((is) => !is).length;
  if (policy === "refuse") {
    throw new BotenstoffError("MAPPING_FAILED", `encoding: ${replaced} characters are not in ${charset}`);
  }
  // iconv-lite would write one "?" for each half of an emoji.
  const written = characters.map((character, index) => (held[index] ? character : "?")).join("");
  return { bytes: iconv.encode(written, encoding), replaced };
}

/** C1 controls are in every ISO set, but everybody takes them for letters of Windows. */
function isHeld(character: string, encoding: string): boolean {
  if (character < "\u0080") return true;
  return (
    !CONTROLS.test(character) && iconv.decode(iconv.encode(character, encoding), encoding, AS_IT_STANDS) === character
  );
}

export function decodeText(bytes: Uint8Array, charset: Charset): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (charset === "UNICODE UTF-8") return buffer.toString("utf8");
  if (charset === "8859/1") return buffer.toString("latin1");
  return iconv.decode(buffer, ENCODINGS[charset], AS_IT_STANDS);
}

/** Text, and what was found where the bytes are not what the set holds. */
export interface ReadText {
  readonly text: string;
  /** The set it was read in. */
  readonly charset: Charset;
  /** `recognised`: read as what the bytes are; `unreadable`: some characters could not be read as anything. */
  readonly misfit?: "recognised" | "unreadable";
}

/** Bytes 0x80 to 0x9F are control characters in every ISO set, and letters in the set Windows has in its place. */
const WINDOWS: Readonly<Partial<Record<Charset, string>>> = {
  "8859/2": "windows-1250",
  "8859/7": "windows-1253",
  "8859/9": "windows-1254",
};
const LOST = /[\u0080-\u009f\ufffd]/;
/** A piece of text between ASCII characters that structure a message. */
const PIECES = /([\r\n|^~&]+)/;

/**
 * Reads bytes in the set they are said to be in, and recognises what senders mix up: UTF-8 under an ISO set, a set of
 * Windows under an ISO one, single bytes under UTF-8. None of these can be anything else by chance: UTF-8 is a grammar,
 * and no text has C1 control characters.
 */
export function readText(bytes: Uint8Array, charset: Charset): ReadText {
  if (charset === "UNICODE UTF-8") return isUtf8(bytes) ? found(decodeText(bytes, charset), charset) : mixed(bytes);
  if (charset !== "ASCII" && looksLikeUtf8(bytes)) {
    return found(decodeText(bytes, "UNICODE UTF-8"), "UNICODE UTF-8", "recognised");
  }
  const text = decodeText(bytes, charset);
  if (charset === "CP1252" || !CONTROLS.test(text)) return found(text, charset);
  if (charset === "8859/1") return found(decodeText(bytes, "CP1252"), "CP1252", "recognised");
  const windows = WINDOWS[charset] ?? "windows-1252";
  const read = text.replaceAll(new RegExp(CONTROLS, "g"), (control) =>
    iconv.decode(Buffer.from([control.charCodeAt(0)]), windows, AS_IT_STANDS),
  );
  return found(read, charset, "recognised");
}

/**
 * Beginnings of UTF-8 that nobody writes in single bytes: Â, Ã, Å or â before a symbol. "Ä€" may be meant as it stands, so
 * after Ä only what makes a letter of a name counts.
 */
const SEQUENCE = /[\xc2\xc3\xc5\xe2][\x80-\xbf]|\xc4[\x84-\x87\x8c-\x91\x98-\x9b\x9e\x9f\xb0\xb1]/;

function looksLikeUtf8(bytes: Uint8Array): boolean {
  return isUtf8(bytes) && SEQUENCE.test(Buffer.from(bytes).toString("latin1"));
}

/** Neither one nor the other as a whole: senders put fields together from several sources. */
function mixed(bytes: Uint8Array): ReadText {
  const pieces = Buffer.from(bytes).toString("latin1").split(PIECES);
  const read = pieces.map((piece) => {
    const own = Buffer.from(piece, "latin1");
    return decodeText(own, isUtf8(own) ? "UNICODE UTF-8" : "CP1252");
  });
  return found(read.join(""), "UNICODE UTF-8", "recognised");
}

function found(text: string, charset: Charset, recognised?: "recognised"): ReadText {
  const misfit = LOST.test(text) ? "unreadable" : recognised;
  return { text, charset, ...(misfit && { misfit }) };
}
