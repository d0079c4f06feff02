import { createHash, randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect, test } from "@jest/globals";
import type { Attachment } from "#src/message/attachment.ts";
import { receive } from "#src/attachments/receive.ts";
import { createBlobStore, type BlobStore } from "#src/seal/blobs/blob-store.ts";
import { EPOCH, filesBelow, keyringIn, ROW, temporaryDirectory } from "../seal/temporary.ts";
import { pieces } from "./pictures.ts";

const ATTACHMENT: Attachment = { id: ROW, ordinal: 0, verdict: "pending", reference: { mediaId: "1" } };

function storeIn(directory: string) {
  return createBlobStore({ directory: join(directory, "blobs"), keyring: keyringIn(directory) });
}

const receiveFrom = (blobs: BlobStore, body: AsyncIterable<Buffer>) =>
  receive(blobs, EPOCH, ATTACHMENT, { body: Readable.from(body) }, () => Promise.resolve());

test.each([0, 1, 300_000, 512 * 1024, 512 * 1024 + 1, 3_000_000])(
  "%i bytes are sealed, measured, and read again as often as wanted, before and after they are forgotten",
  async (size) => {
    using directory = temporaryDirectory();
    const blobs = storeIn(directory.path);
    const bytes = randomBytes(size);
    const received = await receiveFrom(blobs, pieces(bytes, 60_000));
    expect(received).toMatchObject({ bytes: size, sha256: createHash("sha256").update(bytes).digest("hex") });
    expect(bytes.equals(await buffer(blobs.read(EPOCH, ROW)))).toBe(true);
    for (let time = 0; time < 2; time += 1) expect(bytes.equals(await buffer(received.open()))).toBe(true);
    received.forget();
    received.forget();
    expect(bytes.equals(await buffer(received.open()))).toBe(true);
  },
);

test("what is small is read again without its blob, until it is forgotten; what is large never", async () => {
  using directory = temporaryDirectory();
  const blobs = storeIn(directory.path);
  const remove = () => rmSync(join(directory.path, "blobs", String(EPOCH), ROW));
  const bytes = randomBytes(100_000);
  const small = await receiveFrom(blobs, pieces(bytes, 60_000));
  remove();
  expect(bytes.equals(await buffer(small.open()))).toBe(true);
  small.forget();
  await expect(buffer(small.open())).rejects.toMatchObject({ code: "SEAL_BROKEN" });
  const large = await receiveFrom(blobs, pieces(randomBytes(1_000_000), 60_000));
  remove();
  await expect(buffer(large.open())).rejects.toMatchObject({ code: "SEAL_BROKEN" });
});

test("attachments received side by side, and one after the other, do not see each other's bytes", async () => {
  using directory = temporaryDirectory();
  const blobs = storeIn(directory.path);
  for (let round = 0; round < 3; round += 1) {
    const all = Array.from({ length: 20 }, () => randomBytes(1 + Math.floor(Math.random() * 200_000)));
    const received = await Promise.all(all.map((bytes) => receiveFrom(blobs, pieces(bytes, 10_000))));
    for (const [index, bytes] of all.entries()) {
      expect(bytes.equals(await buffer(received[index]!.open()))).toBe(true);
      received[index]!.forget();
    }
  }
});

test("of bytes that break off nothing remains", async () => {
  using directory = temporaryDirectory();
  async function* broken() {
    yield randomBytes(70_000);
    throw new Error("the source broke off");
  }
  await expect(receiveFrom(storeIn(directory.path), broken())).rejects.toThrow("the source broke off");
  expect(filesBelow(join(directory.path, "blobs"))).toEqual([]);
});
