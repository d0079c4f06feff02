import iconv from "iconv-lite";
import { BotenstoffError } from "#src/message/error-code.ts";

/** Names of MSH-18 (HL7 table 0211) that this engine writes, and the encodings behind them. */
const ENCODINGS = {
  "UNICODE UTF-8": "utf8",
  ASCII: "ascii",
  "8859/1": "iso-8859-1",
  "8859/15": "iso-8859-15",
  CP1252: "windows-1252",
} as const;

export type Charset = keyof typeof ENCODINGS;
export const CHARSETS = Object.keys(ENCODINGS) as Charset[];

/** What to do with a character the set does not hold. */
export type Unencodable = "replace" | "refuse";

export function isCharset(name: string): name is Charset {
  return name in ENCODINGS;
}

/**
 * @returns the bytes, and how many characters were replaced by "?"
 * @throws BotenstoffError MAPPING_FAILED where the policy is to refuse
 */
export function encodeText(text: string, charset: Charset, policy: Unencodable): { bytes: Buffer; replaced: number } {
  const bytes = iconv.encode(text, ENCODINGS[charset]);
  if (charset === "UNICODE UTF-8") return { bytes, replaced: 0 };
  const back = iconv.decode(bytes, ENCODINGS[charset]);
  if (back === text) return { bytes, replaced: 0 };
  const lost = [...text].filter(
    (character) => iconv.decode(iconv.encode(character, ENCODINGS[charset]), ENCODINGS[charset]) !== character,
  );
  if (policy === "refuse") {
    throw new BotenstoffError("MAPPING_FAILED", `encoding: ${lost.length} characters are not in ${charset}`);
  }
  return { bytes, replaced: lost.length };
}

export function decodeText(bytes: Uint8Array, charset: Charset): string {
  return iconv.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), ENCODINGS[charset], {
    stripBOM: false,
  });
}
