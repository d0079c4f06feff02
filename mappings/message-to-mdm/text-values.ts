import { escapeText } from "#src/hl7/escape.ts";
import type { Field } from "#src/hl7/message.ts";
import type { Hl7Profile } from "#src/hl7/profile.ts";

/** What OBX-5 holds as TX or FT (HL7 v2.5.1 2.A.78, 2.A.31), in characters as they are written. */
const LONGEST = 65_536;

/**
 * The lines of a document as OBX-5 of one observation; what is longer than the field goes on in the next one where the
 * profile says so. In TX the repetition delimiter is a new line of display, so text is one observation however many lines.
 * A tab is written as a blank: as `\X09\` it is legal, and shown as that.
 */
export function textValues(
  lines: readonly string[],
  { text, long_text: long }: Pick<Hl7Profile, "text" | "long_text">,
): Field[] {
  const plain = lines.map((line) => line.replaceAll("\t", " "));
  const separator = text === "FT" ? "\\.br\\".length : 1;
  const chunks = long === "split" ? chunked(plain, separator) : [plain];
  return chunks.map((chunk) => (text === "FT" ? { lines: chunk } : oneOrRepeated(chunk)));
}

function oneOrRepeated(lines: readonly string[]): Field {
  return lines.length === 1 ? lines[0] : { repeat: lines };
}

function chunked(lines: readonly string[], separator: number): string[][] {
  const chunks: string[][] = [[]];
  let length = 0;
  for (const piece of lines.flatMap(cut)) {
    const more = escapeText(piece).length + separator;
    if (length > 0 && length + more > LONGEST) {
      chunks.push([]);
      length = 0;
    }
    chunks.at(-1)?.push(piece);
    length += more;
  }
  return chunks;
}

/** A line in pieces that fit; a character of two halves stays whole. */
function cut(line: string): string[] {
  if (escapeText(line).length < LONGEST) return [line];
  const pieces: string[] = [];
  let piece = "";
  let length = 0;
  for (const character of line) {
    const more = escapeText(character).length;
    if (length + more >= LONGEST) {
      pieces.push(piece);
      piece = "";
      length = 0;
    }
    piece += character;
    length += more;
  }
  return [...pieces, piece];
}
