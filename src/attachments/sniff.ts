import { fileTypeFromBuffer } from "file-type";
import { BotenstoffError } from "#src/message/error-code.ts";
import { endingOf } from "#src/message/file-name.ts";

/** `file-type` decides on the first 4,100 bytes. */
export const SNIFF_BYTES = 4_100;

/** Other names of one type, as senders and `file-type` write them. */
const SAME: Readonly<Record<string, string>> = {
  "image/jpg": "image/jpeg",
  "image/pjpeg": "image/jpeg",
  "image/heif": "image/heic",
  "image/heic-sequence": "image/heic",
  "image/heif-sequence": "image/heic",
  "image/tif": "image/tiff",
  "image/x-tiff": "image/tiff",
  "image/x-bmp": "image/bmp",
  "image/x-ms-bmp": "image/bmp",
  "image/vnd.ms-photo": "image/jxr",
  "application/rtf": "text/rtf",
  "application/x-rtf": "text/rtf",
  "text/richtext": "text/rtf",
  "application/vnd.msword": "application/msword",
  "application/excel": "application/vnd.ms-excel",
  "application/x-excel": "application/vnd.ms-excel",
  "application/x-msexcel": "application/vnd.ms-excel",
  "application/mspowerpoint": "application/vnd.ms-powerpoint",
  "application/csv": "text/csv",
  "text/comma-separated-values": "text/csv",
  "text/x-csv": "text/csv",
  "text/x-vcard": "text/vcard",
  "text/directory": "text/vcard",
  "text/x-vcalendar": "text/calendar",
  "audio/x-wav": "audio/wav",
  "audio/wave": "audio/wav",
  "audio/vnd.wave": "audio/wav",
  "audio/x-pn-wav": "audio/wav",
  "audio/amr-nb": "audio/amr",
  "audio/x-mpeg": "audio/mpeg",
  "application/x-pdf": "application/pdf",
  "application/ogg": "audio/ogg",
  "audio/opus": "audio/ogg",
  "audio/mp3": "audio/mpeg",
  "audio/x-m4a": "audio/mp4",
  "audio/m4a": "audio/mp4",
  "audio/x-aac": "audio/aac",
  "video/3gp": "video/3gpp",
};

/** One container (ISO/IEC 14496-12) whose bytes do not tell sound from film. */
const ISO_MEDIA = new Set(["audio/mp4", "video/mp4", "audio/3gpp", "video/3gpp"]);

/** What carries documents of several kinds in one container: the bytes tell the container, the name which kind. */
const IN_CONTAINER: Readonly<Record<string, readonly string[]>> = {
  "application/x-cfb": [
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.ms-outlook",
    "application/vnd.visio",
    "application/vnd.ms-works",
  ],
};

/** Office documents under the name of their older or newer format: Windows announces them by the program that opens them. */
const SAME_PROGRAM: readonly (readonly string[])[] = [
  ["application/msword", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
  ["application/vnd.ms-excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
  ["application/vnd.ms-powerpoint", "application/vnd.openxmlformats-officedocument.presentationml.presentation"],
];
/** A table that Excel opens is announced as Excel's. */
const TEXT_OF: Readonly<Record<string, string>> = { "application/vnd.ms-excel": "text/csv" };

/** What a name's ending says where nothing is announced. */
const BY_ENDING: Readonly<Record<string, string>> = {
  doc: "application/msword",
  xls: "application/vnd.ms-excel",
  ppt: "application/vnd.ms-powerpoint",
  msg: "application/vnd.ms-outlook",
  txt: "text/plain",
  csv: "text/csv",
  vcf: "text/vcard",
  ics: "text/calendar",
};

/** What says nothing about the bytes. */
const UNSAID = new Set(["", "application/octet-stream", "binary/octet-stream"]);

/** A MIME type without parameters, in lower case, under its usual name. */
export function essence(type: string): string {
  const bare = (type.split(";")[0] ?? "").trim().toLowerCase();
  return SAME[bare] ?? bare;
}

/**
 * The type the bytes have. Types with a magic number are known by it; a text is believed its name when it reads as one.
 * @param head the first SNIFF_BYTES bytes, or all there are
 * @param fileName looked at only where nothing is announced
 * @returns undefined when the bytes are nothing known
 */
export async function sniff(head: Buffer, declared: string, fileName = ""): Promise<string | undefined> {
  const said = essence(declared);
  const announced = UNSAID.has(said) ? (BY_ENDING[endingOf(fileName) ?? ""] ?? said) : said;
  const type = await typeOf(head);
  if (type !== undefined) {
    if (ISO_MEDIA.has(type) && ISO_MEDIA.has(announced)) return announced;
    return IN_CONTAINER[type]?.includes(announced) ? announced : type;
  }
  const text = announced in TEXT_OF ? TEXT_OF[announced] : announced;
  if (!text?.startsWith("text/") || looksLikeMarkup(head) || !looksLikeText(head)) return undefined;
  return text;
}

async function typeOf(head: Buffer): Promise<string | undefined> {
  if (beginsAsPdf(head)) return "application/pdf";
  const found = await fileTypeFromBuffer(head);
  if (found && !found.mime.startsWith("text/plain")) return essence(found.mime);
  // A scanner's big-endian TIFF, or one whose first directory lies far behind.
  return /^(II\*\0|MM\0\*|II\+\0|MM\0\+)/.test(head.toString("latin1", 0, 4)) ? "image/tiff" : undefined;
}

/** Some programs write a line end or a mark before a PDF's header; readers look for it in the first 1,024 bytes. */
export function beginsAsPdf(head: Buffer): boolean {
  return /^(\xef\xbb\xbf)?[\0\s]*%PDF-[12]\.\d/.test(head.toString("latin1", 0, 1_024));
}

/**
 * Compares what the bytes are with what was announced and with what the channel allows.
 * @throws BotenstoffError MEDIA_TYPE_LIES, MEDIA_TYPE_NOT_ALLOWED
 */
export function checkType(found: string | undefined, declared: string, allowed: readonly string[]): void {
  const announced = essence(declared);
  if (found === undefined || (!UNSAID.has(announced) && announced !== found && !isSameKind(announced, found))) {
    throw new BotenstoffError(
      "MEDIA_TYPE_LIES",
      `checking an attachment: its bytes are ${found ?? "nothing known"}, not what was announced`,
    );
  }
  const wanted = allowed.map(essence);
  if (!wanted.includes(found) && !(isSameKind(announced, found) && wanted.includes(announced))) {
    throw new BotenstoffError("MEDIA_TYPE_NOT_ALLOWED", `checking an attachment: the channel does not allow ${found}`);
  }
}

function isSameKind(announced: string, found: string): boolean {
  return TEXT_OF[announced] === found || SAME_PROGRAM.some((kind) => kind.includes(announced) && kind.includes(found));
}

/** SVG and HTML have no magic number but can carry scripts. */
export function looksLikeMarkup(head: Buffer): boolean {
  return /^\uFEFF?\s*</.test(textOf(head));
}

/** No control characters but white space: UTF-8, UTF-16 with its mark, Latin-1 and their kin, nothing binary. */
function looksLikeText(head: Buffer): boolean {
  return !/[^\P{Cc}\t\n\v\f\r\u007f-\u009f]/u.test(textOf(head));
}

function textOf(head: Buffer): string {
  const mark = head.toString("latin1", 0, 2);
  if (mark === "\xff\xfe") return new TextDecoder("utf-16le").decode(head);
  if (mark === "\xfe\xff") return new TextDecoder("utf-16be").decode(head);
  return head.toString("utf8");
}
