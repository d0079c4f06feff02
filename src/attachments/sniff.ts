import { fileTypeFromBuffer } from "file-type";
import { BotenstoffError } from "#src/message/error-code.ts";

/** `file-type` decides on the first 4,100 bytes. */
export const SNIFF_BYTES = 4_100;

/** Other names of one type, as senders and `file-type` write them. */
const SAME: Readonly<Record<string, string>> = {
  "image/jpg": "image/jpeg",
  "image/pjpeg": "image/jpeg",
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
 * @returns undefined when the bytes are nothing known
 */
export async function sniff(head: Buffer, declared: string): Promise<string | undefined> {
  const found = await fileTypeFromBuffer(head);
  const announced = essence(declared);
  if (found) {
    const type = essence(found.mime);
    return ISO_MEDIA.has(type) && ISO_MEDIA.has(announced) ? announced : type;
  }
  if (!announced.startsWith("text/") || looksLikeMarkup(head) || !looksLikeText(head)) return undefined;
  return announced;
}

/**
 * Compares what the bytes are with what was announced and with what the channel allows.
 * @throws BotenstoffError MEDIA_TYPE_LIES, MEDIA_TYPE_NOT_ALLOWED
 */
export function checkType(found: string | undefined, declared: string, allowed: readonly string[]): void {
  const announced = essence(declared);
  if (found === undefined || (!UNSAID.has(announced) && announced !== found)) {
    throw new BotenstoffError(
      "MEDIA_TYPE_LIES",
      `checking an attachment: its bytes are ${found ?? "nothing known"}, not what was announced`,
    );
  }
  if (!allowed.includes(found)) {
    throw new BotenstoffError("MEDIA_TYPE_NOT_ALLOWED", `checking an attachment: the channel does not allow ${found}`);
  }
}

/** SVG and HTML have no magic number but can carry scripts. */
export function looksLikeMarkup(head: Buffer): boolean {
  return /^\uFEFF?\s*</.test(head.toString("utf8"));
}

/** No control characters but white space: UTF-8, Latin-1 and their kin, nothing binary. */
function looksLikeText(head: Buffer): boolean {
  return head.every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d));
}
