import { addAbortSignal, Readable } from "node:stream";
import { BotenstoffError } from "#src/message/error-code.ts";
import { fileable } from "#src/message/attachment.ts";
import { blobId } from "#src/message/id.ts";
import { place } from "#src/store/sealed/message.ts";
import { openAt } from "#src/store/sealed/place.ts";
import type { AttachmentState } from "#src/store/sql/prepare.ts";
import type { ApiDeps } from "./deps.ts";
import { Problem } from "./problem.ts";

/** As small as a list shows it, or as large as it was sent. */
export type Size = "small" | "large";

/** What a browser is sent of an attachment. */
export interface ShownBytes {
  readonly type: string;
  readonly bytes: AsyncIterable<Buffer>;
}

/** Pictures that every browser decodes; what else is a picture is rendered here. */
const PICTURES = new Set(["image/jpeg", "image/png", "image/webp"]);
/** Sound and films as messengers record them. */
const PLAYED = new Set([
  "audio/ogg",
  "audio/mpeg",
  "audio/mp4",
  "audio/aac",
  "audio/amr",
  "audio/wav",
  "video/mp4",
  "video/3gpp",
]);

type BytesDeps = Pick<ApiDeps, "sealer" | "blobs" | "inspector">;

/**
 * An attachment as a person may look at it: admitted pictures, sound and films as they are; of what was refused nothing
 * but a picture that is made here from its pixels, so that no stranger's file reaches a browser before it was judged.
 * @throws Problem 422 for what is not shown @throws BotenstoffError SEAL_BROKEN, EPOCH_KEY_DESTROYED, INSPECTOR_UNAVAILABLE
 */
export async function shownBytes(
  deps: BytesDeps,
  row: AttachmentState,
  size: Size,
  signal: AbortSignal,
): Promise<ShownBytes> {
  const { epoch, id, verdict } = row;
  const { stored } = openAt(deps.sealer, place.attachment(epoch, id), row.sealed);
  if (!stored) throw notShown;
  const read = (blob: string) => addAbortSignal(signal, deps.blobs.read(epoch, blob));
  const { type, preview, rendition } = stored;
  const admitted = fileable({ verdict, stored }) !== undefined;
  if (type.startsWith("image/")) {
    if (preview && size === "small") return { type: preview.type, bytes: read(blobId(id, "preview")) };
    if (admitted && rendition) return { type: rendition.type, bytes: read(blobId(id, "rendition")) };
    if (admitted && size === "large" && PICTURES.has(type)) return { type, bytes: read(id) };
    return rendered(deps, type, () => read(id), signal);
  }
  if (admitted && PLAYED.has(type)) return { type, bytes: read(id) };
  throw notShown;
}

async function rendered(
  { inspector }: BytesDeps,
  type: string,
  open: () => Readable,
  signal: AbortSignal,
): Promise<ShownBytes> {
  try {
    const { jpeg } = await (type === "image/heic" ? inspector.heic(open, signal) : inspector.image(open, signal));
    return { type: "image/jpeg", bytes: Readable.from([jpeg]) };
  } catch (error) {
    if (error instanceof BotenstoffError && error.code === "MEDIA_UNREADABLE") throw notShown;
    throw error;
  }
}

const notShown = new Problem(
  422,
  "problem:not-shown",
  "Not shown",
  "Pictures, sound and films that were found clean are shown, and of what was refused a picture where one can be made of it.",
);
