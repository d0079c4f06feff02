import type { Attachment, PdfPolicy, StoredContent } from "#src/message/attachment.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { blobId } from "#src/message/id.ts";
import type { BlobStore } from "#src/seal/blobs/blob-store.ts";
import { unreadable } from "./byte-reader.ts";
import type { Inspector } from "./inspector.ts";
import { telling, type Moved } from "./large-gate.ts";
import { hashed, Meter, type Hashed, type Measured } from "./meter.ts";
import type { Received } from "./receive.ts";
import type { Scanner } from "./scanner.ts";
import { checkType } from "./sniff.ts";
import { isStrippable, strip } from "./strip.ts";
import { isFilm, tellingOf, withoutTelling } from "./strip-film.ts";

export interface AdmitDeps {
  readonly blobs: BlobStore;
  readonly inspector: Inspector;
  /** Absent: nothing is scanned. */
  readonly scanner?: Scanner;
}

/** Types whose own format is a ZIP, or that carry one honestly. */
const ZIP_BASED = /^application\/(zip|epub\+zip|vnd\.)/;

/**
 * Judges received bytes in this order: hash, type, malware, structure. Images leave it without their metadata and with
 * a preview. Resolves with what may be filed; until then the attachment's own blob is left as it was received.
 * @throws BotenstoffError MEDIA_* (permanent: to be quarantined), SCANNER_UNAVAILABLE, INSPECTOR_UNAVAILABLE (later)
 */
export async function admit(
  deps: AdmitDeps,
  epoch: number,
  attachment: Attachment,
  received: Received,
  { allowed, pdf, moved }: { readonly allowed: readonly string[]; readonly pdf: PdfPolicy; readonly moved: Moved },
  signal: AbortSignal,
): Promise<StoredContent> {
  const { type, declared } = received;
  checkType(type, declared, allowed);
  if (type === undefined) throw new BotenstoffError("MEDIA_TYPE_LIES", "checking an attachment: its type is not known");
  if (received.opensAsZip && !ZIP_BASED.test(type)) {
    throw new BotenstoffError("MEDIA_TYPE_LIES", `checking an attachment: it is ${type} and a ZIP archive at once`);
  }
  const open = () => telling(received.open(), moved);
  await deps.scanner?.scan(open(), signal);
  if (isStrippable(type)) return admitImage(deps, epoch, attachment, { ...received, type, open }, signal);
  if (isFilm(type)) return admitFilm(deps.blobs, epoch, attachment.id, { ...received, type, open });
  if (type === "application/pdf") {
    const traits = await deps.inspector.pdf(open, signal);
    const held = traits.filter((trait) => pdf[trait] === "hold");
    if (held.length > 0) throw unreadable(`it has ${held.join(", ")}, which the channel holds`);
    const remarks = traits.filter((trait) => pdf[trait] === "note");
    return { ...contentOf(received, type), ...(remarks.length > 0 && { remarks }) };
  }
  return contentOf(received, type.startsWith("text/") ? await withCharset(type, open()) : type);
}

/** A text that is not in UTF-8 says what it is in: with its mark UTF-16, else what Windows writes in western Europe. */
async function withCharset(type: string, bytes: AsyncIterable<Buffer>): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let first = "";
  try {
    for await (const chunk of bytes) {
      first ||= chunk.toString("latin1", 0, 2);
      decoder.decode(chunk, { stream: true });
    }
    decoder.decode();
    return type;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return `${type};charset=${first === "\xff\xfe" || first === "\xfe\xff" ? "utf-16" : "windows-1252"}`;
  }
}

/** What is known of bytes that are kept as they came. */
export function contentOf({ sha256, sha1, bytes }: Measured, type: string): StoredContent {
  return { sha256, sha1, bytes, type };
}

async function admitImage(
  { blobs, inspector }: AdmitDeps,
  epoch: number,
  { id }: Attachment,
  received: Received & { readonly type: string },
  signal: AbortSignal,
): Promise<StoredContent> {
  const { type, open } = received;
  let judged: Hashed | undefined;
  const judging = () => (judged = hashed(strip(type, open))).bytes;
  const rendered = type === "image/heic" ? await inspector.heic(judging, signal) : undefined;
  const { jpeg, width, height } = await inspector.image(rendered ? () => piecesOf(rendered.jpeg) : judging, signal);
  const rendition = rendered && { rendition: await keepRendition(blobs, epoch, id, rendered.jpeg) };
  await blobs.write(epoch, blobId(id, "preview"), [jpeg]);
  const preview = { bytes: jpeg.length, type: "image/jpeg", width, height };
  const judgedSha256 = judged?.sha256();
  // Most pictures come from WhatsApp without anything that could be taken out.
  if (judgedSha256 === received.sha256) return { ...contentOf(received, type), preview, ...rendition };
  // What is filed is made from what was sealed, whatever the judge was shown; and only what he was shown is filed.
  const sealed = () => blobs.read(epoch, id);
  const meter = new Meter();
  await blobs.write(epoch, blobId(id, "original"), sealed());
  await blobs.write(epoch, id, meter.through(strip(type, sealed)));
  const filed = meter.measured();
  if (filed.sha256 !== judgedSha256)
    throw new BotenstoffError("SEAL_BROKEN", "admitting an image: it was not the one judged");
  return {
    ...contentOf(filed, type),
    original: { sha256: received.sha256, bytes: received.bytes },
    preview,
    ...rendition,
  };
}

/** Pictures and sound are copied untouched; most films come from WhatsApp with nothing that could be taken out. */
async function admitFilm(
  blobs: BlobStore,
  epoch: number,
  id: string,
  received: Received & { readonly type: string },
): Promise<StoredContent> {
  const blanks = await tellingOf(received.open);
  if (blanks.length === 0) return contentOf(received, received.type);
  const sealed = () => blobs.read(epoch, id);
  const meter = new Meter();
  await blobs.write(epoch, blobId(id, "original"), sealed());
  await blobs.write(epoch, id, meter.through(withoutTelling(sealed(), blanks)));
  const original = { sha256: received.sha256, bytes: received.bytes };
  return { ...contentOf(meter.measured(), received.type), original };
}

async function keepRendition(blobs: BlobStore, epoch: number, id: string, jpeg: Buffer): Promise<StoredContent> {
  const meter = new Meter();
  await blobs.write(epoch, blobId(id, "rendition"), meter.through(piecesOf(jpeg)));
  return contentOf(meter.measured(), "image/jpeg");
}

/** A frame to the reader process holds no more. */
const PIECE_BYTES = 256 * 1024;

async function* piecesOf(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES)
    yield await Promise.resolve(bytes.subarray(at, at + PIECE_BYTES));
}
