import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createDecipheriv, hkdfSync } from "node:crypto";
import { createSealer } from "#src/seal/sealer.ts";
import { DIRECTORY_EPOCH } from "#src/seal/keyring/keyring.ts";
import type { Binding } from "#src/seal/binding.ts";
import { codeOf, EPOCH, keyringIn, ROW, temporaryDirectory } from "./temporary.ts";

const PLACE: Binding = { epoch: EPOCH, table: "message", row: ROW, column: "sealed" };

describe("a sealed value", () => {
  test("opens at its place to the same bytes, whatever they are", () => {
    using directory = temporaryDirectory();
    const sealer = createSealer(keyringIn(directory.path));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (plain) => {
        expect(sealer.open(PLACE, sealer.seal(PLACE, plain))).toEqual(Buffer.from(plain));
      }),
    );
  });

  test("is different every time and costs 29 bytes", () => {
    using directory = temporaryDirectory();
    const sealer = createSealer(keyringIn(directory.path));
    const plain = Buffer.from("the same words");
    const many = Array.from({ length: 1_000 }, () => sealer.seal(PLACE, plain));
    expect(new Set(many.map((sealed) => sealed.toString("hex"))).size).toBe(many.length);
    expect(many[0]).toHaveLength(plain.length + 29);
  });

  test("is refused with any byte altered", () => {
    using directory = temporaryDirectory();
    const sealer = createSealer(keyringIn(directory.path));
    const sealed = sealer.seal(PLACE, Buffer.from("short"));
    for (let index = 0; index < sealed.length; index += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const altered = Buffer.from(sealed);
        altered[index] = altered[index]! ^ (1 << bit);
        expect(codeOf(() => sealer.open(PLACE, altered))).toBe("SEAL_BROKEN");
      }
    }
  });

  test("is refused cut at any length or extended", () => {
    using directory = temporaryDirectory();
    const sealer = createSealer(keyringIn(directory.path));
    const sealed = sealer.seal(PLACE, Buffer.from("short"));
    for (let length = 0; length < sealed.length; length += 1) {
      expect(codeOf(() => sealer.open(PLACE, sealed.subarray(0, length)))).toBe("SEAL_BROKEN");
    }
    expect(codeOf(() => sealer.open(PLACE, Buffer.concat([sealed, Buffer.from([0])])))).toBe("SEAL_BROKEN");
  });

  test("opens nowhere else: other epoch, table, row, column or tenant", () => {
    using directory = temporaryDirectory();
    const keyring = keyringIn(directory.path);
    const sealer = createSealer(keyring);
    const sealed = sealer.seal(PLACE, Buffer.from("words"));
    keyring.epochKey(EPOCH + 86_400);
    const elsewhere: Binding[] = [
      { ...PLACE, epoch: EPOCH + 86_400 },
      { ...PLACE, epoch: DIRECTORY_EPOCH },
      { ...PLACE, table: "event" },
      { ...PLACE, row: ROW.replace("0b", "0c") },
      { ...PLACE, column: "routed" },
      // The same characters, differently divided.
      { ...PLACE, table: "mess", row: `age${ROW}` },
    ];
    for (const place of elsewhere) expect(codeOf(() => sealer.open(place, sealed))).toBe("SEAL_BROKEN");
    expect(codeOf(() => createSealer(keyring, "other").open(PLACE, sealed))).toBe("SEAL_BROKEN");
  });

  test("does not open once its epoch's key is destroyed, and nothing more is sealed there", () => {
    using directory = temporaryDirectory();
    const keyring = keyringIn(directory.path);
    const sealer = createSealer(keyring);
    const sealed = sealer.seal(PLACE, Buffer.from("words"));
    keyring.destroyEpochKey(EPOCH);
    expect(codeOf(() => sealer.open(PLACE, sealed))).toBe("EPOCH_KEY_DESTROYED");
    expect(codeOf(() => sealer.seal(PLACE, Buffer.from("more")))).toBe("EPOCH_KEY_DESTROYED");
  });

  test("of the directory outlives every purge", () => {
    using directory = temporaryDirectory();
    const keyring = keyringIn(directory.path);
    const place = { ...PLACE, epoch: DIRECTORY_EPOCH, table: "patient" };
    const sealed = createSealer(keyring).seal(place, Buffer.from("who"));
    keyring.destroyEpochKey(EPOCH);
    expect(() => keyring.destroyEpochKey(DIRECTORY_EPOCH)).toThrow(RangeError);
    expect(createSealer(keyringIn(directory.path)).open(place, sealed).toString()).toBe("who");
  });

  test("can be opened from its description alone: HKDF-SHA256, AES-256-GCM, length-prefixed place", () => {
    using directory = temporaryDirectory();
    const keyring = keyringIn(directory.path);
    const sealed = createSealer(keyring, "clinic").seal(PLACE, Buffer.from("described"));
    const key = hkdfSync("sha256", keyring.openEpochKey(EPOCH), "", ROW, 32);
    const decipher = createDecipheriv("aes-256-gcm", Buffer.from(key), sealed.subarray(1, 13), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(`1:16:clinic7:message36:${ROW}6:sealed10:${EPOCH}`));
    decipher.setAuthTag(sealed.subarray(-16));
    expect(sealed[0]).toBe(1);
    expect(Buffer.concat([decipher.update(sealed.subarray(13, -16)), decipher.final()]).toString()).toBe("described");
  });
});
