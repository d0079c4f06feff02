import type { PdfPolicy } from "#src/message/attachment.ts";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect, test } from "@jest/globals";
import type { Attachment } from "#src/message/attachment.ts";
import { admit } from "#src/attachments/admit.ts";
import type { Inspector } from "#src/attachments/inspector.ts";
import { receive } from "#src/attachments/receive.ts";
import { createBlobStore } from "#src/seal/blobs/blob-store.ts";
import { EPOCH, keyringIn, ROW, temporaryDirectory } from "../seal/temporary.ts";
import { picture, pieces } from "./pictures.ts";

const ATTACHMENT: Attachment = { id: ROW, ordinal: 0, verdict: "pending", reference: { mediaId: "1" } };
const moved = () => Promise.resolve();

/** Reads what it is shown to the end, and finds nothing wrong. */
const inspector = {
  image: async (open: () => AsyncIterable<Buffer>) => {
    await buffer(Readable.from(open()));
    return { jpeg: Buffer.from("preview"), width: 1, height: 1 };
  },
} as unknown as Inspector;

test("an image is filed as it was judged, or not at all", async () => {
  using directory = temporaryDirectory();
  const blobs = createBlobStore({ directory: `${directory.path}/blobs`, keyring: keyringIn(directory.path) });
  const [mine, another] = [await picture("jpeg"), await picture("jpeg", 6)];
  const received = await receive(blobs, EPOCH, ATTACHMENT, { body: Readable.from(pieces(mine, 10_000)) }, moved);
  const judge = (open: () => AsyncIterable<Buffer>) =>
    admit(
      { blobs, inspector },
      EPOCH,
      ATTACHMENT,
      { ...received, open },
      { allowed: ["image/jpeg"], pdf: {} as PdfPolicy, moved },
      AbortSignal.timeout(10_000),
    );
  await expect(judge(() => pieces(another, 10_000))).rejects.toMatchObject({ code: "SEAL_BROKEN" });
  const again = await receive(blobs, EPOCH, ATTACHMENT, { body: Readable.from(pieces(mine, 10_000)) }, moved);
  const filed = await judge(again.open);
  expect(filed.original?.sha256).toBe(received.sha256);
  expect(filed.bytes).toBe((await buffer(blobs.read(EPOCH, ROW))).length);
});
