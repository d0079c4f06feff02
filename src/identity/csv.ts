/** A record of a CSV file; `line` is the one it begins in, the first being 1. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/** In which character set a file turned out to be written. */
export type Encoding = "utf-8" | "utf-16le" | "windows-1252";

/** The text of a file whose character set nobody says: UTF-16 by its mark, UTF-8 where it is valid, else that of Windows. */
export function decodeText(bytes: Uint8Array): { readonly text: string; readonly encoding: Encoding } {
  if (bytes[0] === 0xff && bytes[1] === 0xfe)
    return { text: new TextDecoder("utf-16le").decode(bytes), encoding: "utf-16le" };
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), encoding: "utf-8" };
  } catch {
    return { text: new TextDecoder("windows-1252").decode(bytes), encoding: "windows-1252" };
  }
}

/** What separates fields: whatever the first line has most of. */
export function separatorOf(text: string): string {
  const [head = ""] = text.split(/\r\n|\r|\n/, 1);
  const count = (separator: string) => head.split(separator).length;
  return [";", ",", "\t"].toSorted((a, b) => count(b) - count(a))[0] ?? ";";
}

/** The records of a text (RFC 4180): quoted fields may hold separators, line ends and doubled quotes; empty lines are none. */
export function readCsv(text: string, separator = separatorOf(text)): CsvRecord[] {
  const records: CsvRecord[] = [];
  let fields: string[] = [];
  let [field, quoted, line, begun] = ["", false, 1, 1];
  const end = () => {
    fields.push(field);
    if (fields.some((one) => one.trim() !== "")) records.push({ line: begun, fields });
    [fields, field] = [[], ""];
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    const newline = character === "\n" || (character === "\r" && text[at + 1] !== "\n");
    if (newline) line += 1;
    if (quoted) {
      if (character !== '"') field += character;
      else if (text[at + 1] === '"') field += text.charAt((at += 1));
      else quoted = false;
    } else if (character === '"' && field.trim() === "") [field, quoted] = ["", true];
    else if (character === separator) {
      fields.push(field);
      field = "";
    } else if (newline) {
      end();
      begun = line;
    } else if (character !== "\r") field += character;
  }
  end();
  return records;
}
