import { createHash, randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { expect, test } from "@jest/globals";
import { keep } from "#src/pipeline/attachment/keep.ts";
import { createBlobStore } from "#src/seal/blob-store.ts";
import { EPOCH, filesBelow, keyringIn, ROW, temporaryDirectory } from "../../seal/temporary.ts";
import { pieces } from "./pictures.ts";

function storeIn(directory: string) {
  return createBlobStore({ directory: join(directory, "blobs"), keyring: keyringIn(directory) });
}

test.each([0, 1, 300_000, 512 * 1024, 512 * 1024 + 1, 3_000_000])(
  "%i bytes are sealed, measured, and read again as often as wanted",
  async (size) => {
    using directory = temporaryDirectory();
    const blobs = storeIn(directory.path);
    const bytes = randomBytes(size);
    const kept = await keep(blobs, EPOCH, ROW, pieces(bytes, 60_000));
    expect(kept).toMatchObject({ blob: ROW, bytes: size, sha256: createHash("sha256").update(bytes).digest("hex") });
    expect(bytes.equals(await buffer(blobs.read(EPOCH, ROW)))).toBe(true);
    for (let time = 0; time < 2; time += 1) expect(bytes.equals(await buffer(kept.open()))).toBe(true);
  },
);

test("what is small is read again without its blob, what is large is not remembered", async () => {
  using directory = temporaryDirectory();
  const blobs = storeIn(directory.path);
  const [small, large] = [randomBytes(100_000), randomBytes(1_000_000)];
  const kept = [];
  for (const bytes of [small, large]) {
    kept.push(await keep(blobs, EPOCH, ROW, pieces(bytes, 60_000)));
    rmSync(join(directory.path, "blobs", String(EPOCH), ROW));
  }
  expect(small.equals(await buffer(kept[0]!.open()))).toBe(true);
  await expect(buffer(kept[1]!.open())).rejects.toMatchObject({ code: "SEAL_BROKEN" });
});

test("of bytes that break off nothing remains", async () => {
  using directory = temporaryDirectory();
  async function* broken() {
    yield randomBytes(70_000);
    throw new Error("the source broke off");
  }
  await expect(keep(storeIn(directory.path), EPOCH, ROW, broken())).rejects.toThrow("the source broke off");
  expect(filesBelow(join(directory.path, "blobs"))).toEqual([]);
});
