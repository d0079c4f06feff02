import { describe, expect, test } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { chmodSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createMasterKey, readMasterKey, refuseOpenKey } from "#src/seal/keyring/master-key.ts";
import { codeOf, temporaryDirectory } from "./temporary.ts";

describe("the master key", () => {
  test("is missing when no file is named", () => {
    expect(codeOf(() => readMasterKey(undefined))).toBe("MASTER_KEY_MISSING");
  });

  test("is the same with and without a line end, of either kind", () => {
    using directory = temporaryDirectory();
    const content = randomBytes(48).toString("base64");
    const keys = ["", "\n", "\r\n"].map((end, index) => {
      const file = join(directory.path, String(index));
      writeFileSync(file, content + end);
      return readMasterKey(file).toString("hex");
    });
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toHaveLength(64);
  });

  test("is refused when it is short, blank or not there", () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, "key");
    for (const content of ["", "\n".repeat(100), `${"x".repeat(31)}\r\n`]) {
      writeFileSync(file, content);
      expect(codeOf(() => readMasterKey(file))).toBe("CONFIG_INVALID");
    }
    expect(codeOf(() => readMasterKey(join(directory.path, "none")))).toBe("CONFIG_INVALID");
    expect(codeOf(() => readMasterKey(directory.path))).toBe("CONFIG_INVALID");
  });

  test("is refused when it was not drawn at random", () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, "key");
    for (const content of ["a".repeat(32), "password".repeat(8), "0123456789".repeat(4), "\0".repeat(64)]) {
      writeFileSync(file, content);
      expect(() => readMasterKey(file)).toThrow(/not drawn at random; make one: `openssl rand/);
    }
    for (const content of [randomBytes(32), randomBytes(32).toString("hex"), randomBytes(24).toString("base64")]) {
      writeFileSync(file, content);
      expect(readMasterKey(file)).toHaveLength(32);
    }
  });

  test("is refused at the start when every user may read or change it, and says what to do", () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, "key");
    createMasterKey(file);
    for (const mode of [0o644, 0o666, 0o604, 0o602]) {
      chmodSync(file, mode);
      expect(() => refuseOpenKey(file)).toThrow(/chmod o= <file>/);
    }
    for (const mode of [0o600, 0o400, 0o640]) {
      chmodSync(file, mode);
      expect(() => refuseOpenKey(file)).not.toThrow();
    }
  });

  test("can be made once, for its owner only", () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, "new", "master.key");
    createMasterKey(file);
    const key = readMasterKey(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(() => createMasterKey(file)).toThrow();
    expect(readMasterKey(file)).toEqual(key);
  });
});
