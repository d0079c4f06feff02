import { describe, expect, test } from "@jest/globals";
import { spawn } from "node:child_process";
import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { randomBytes } from "node:crypto";
import { codeOf, EPOCH, filesBelow, isAnywhere, keyringIn, MASTER_KEY, ROW, temporaryDirectory } from "./temporary.ts";
import { createBlindIndex } from "#src/seal/blind-index.ts";
import { createSealer } from "#src/seal/sealer.ts";

const HAMMER = join(import.meta.dirname, "hammer.ts");

describe("a keyring", () => {
  test("has the same keys when it is opened again", () => {
    using directory = temporaryDirectory();
    const first = keyringIn(directory.path);
    const key = Buffer.from(first.epochKey(EPOCH));
    const [seen, signing] = [first.named("seen"), first.signingKey()];
    const again = keyringIn(directory.path);
    expect(again.openEpochKey(EPOCH)).toEqual(key);
    expect(again.epochKey(EPOCH)).toEqual(key);
    expect(again.named("seen")).toEqual(seen);
    expect(again.signingKey().keyId).toBe(signing.keyId);
  });

  test("gives every epoch and every name a key of its own", () => {
    using directory = temporaryDirectory();
    const keyring = keyringIn(directory.path);
    const keys = [
      ...[0, 1, 2].map((day) => keyring.epochKey(EPOCH + day * 86_400)),
      ...(["blind-index", "seen", "directory"] as const).map((name) => keyring.named(name)),
    ];
    expect(new Set(keys.map((key) => key.toString("hex"))).size).toBe(keys.length);
    expect(keys.map((key) => key.length)).toEqual(keys.map(() => 32));
  });

  test("names a wrong master key when it is opened", () => {
    using directory = temporaryDirectory();
    keyringIn(directory.path).epochKey(EPOCH);
    expect(codeOf(() => keyringIn(directory.path, randomBytes(32)))).toBe("MASTER_KEY_WRONG");
  });

  test("is readable for its owner only and holds no key in the clear", () => {
    using directory = temporaryDirectory();
    const keyring = keyringIn(directory.path);
    const secrets = [MASTER_KEY, keyring.epochKey(EPOCH), keyring.named("directory"), keyring.named("seen")];
    const seed = keyring.signingKey().privateKey.export({ format: "der", type: "pkcs8" }).subarray(-32);
    const files = filesBelow(directory.path);
    expect(files.map((file) => statSync(file).mode & 0o777)).toEqual(files.map(() => 0o600));
    expect(files.map((file) => statSync(dirname(file)).mode & 0o777)).toEqual(files.map(() => 0o700));
    for (const secret of [...secrets, seed]) expect(isAnywhere(directory.path, secret)).toBe(false);
  });

  test("never makes a key for opening", () => {
    using directory = temporaryDirectory();
    expect(codeOf(() => keyringIn(directory.path).openEpochKey(EPOCH))).toBe("SEAL_BROKEN");
  });

  test("refuses a key file that was altered or belongs to another epoch", () => {
    using directory = temporaryDirectory();
    const keyring = keyringIn(directory.path);
    keyring.epochKey(EPOCH);
    const file = filesBelow(directory.path).find((path) => path.endsWith(`${EPOCH}.key`))!;
    const other = file.replace(String(EPOCH), String(EPOCH + 86_400));
    writeFileSync(other, readFileSync(file));
    expect(codeOf(() => keyring.openEpochKey(EPOCH + 86_400))).toBe("SEAL_BROKEN");
    const altered = readFileSync(file);
    altered[20] = altered[20]! ^ 1;
    writeFileSync(file, altered);
    expect(codeOf(() => keyringIn(directory.path).openEpochKey(EPOCH))).toBe("SEAL_BROKEN");
  });
});

describe("a destroyed epoch key", () => {
  test("is gone from memory, from the disk and for whoever opens the keyring later", () => {
    using directory = temporaryDirectory();
    const keyring = keyringIn(directory.path);
    const key = keyring.epochKey(EPOCH);
    keyring.epochKey(EPOCH + 86_400);
    keyring.destroyEpochKey(EPOCH);
    keyring.destroyEpochKey(EPOCH);
    expect(key).toEqual(Buffer.alloc(32));
    expect(keyring.destroyed()).toEqual([EPOCH]);
    for (const ring of [keyring, keyringIn(directory.path)]) {
      expect(codeOf(() => ring.epochKey(EPOCH))).toBe("EPOCH_KEY_DESTROYED");
      expect(codeOf(() => ring.openEpochKey(EPOCH))).toBe("EPOCH_KEY_DESTROYED");
    }
    expect(keyring.openEpochKey(EPOCH + 86_400)).toHaveLength(32);
    expect(filesBelow(directory.path).filter((file) => file.endsWith(`${EPOCH}.key`))).toEqual([]);
  });

  test("is refused and forgotten by another engine that still had it in memory", () => {
    using directory = temporaryDirectory();
    const [purging, working] = [keyringIn(directory.path), keyringIn(directory.path)];
    purging.epochKey(EPOCH);
    const cached = working.epochKey(EPOCH);
    purging.destroyEpochKey(EPOCH);
    expect(codeOf(() => working.epochKey(EPOCH))).toBe("EPOCH_KEY_DESTROYED");
    expect(codeOf(() => working.openEpochKey(EPOCH))).toBe("EPOCH_KEY_DESTROYED");
    expect(cached).toEqual(Buffer.alloc(32));
  });

  test("leaves the memory of another engine that has no more use for it", () => {
    using directory = temporaryDirectory();
    const [purging, working] = [keyringIn(directory.path), keyringIn(directory.path)];
    const [destroyed, kept] = [working.epochKey(EPOCH), working.epochKey(EPOCH + 1)];
    purging.destroyEpochKey(EPOCH);
    working.forgetDestroyed();
    expect(destroyed).toEqual(Buffer.alloc(32));
    expect(kept).not.toEqual(Buffer.alloc(32));
  });

  test("is refused from the next turn of the event loop on, however often it was used in this one", async () => {
    using directory = temporaryDirectory();
    const [purging, working] = [keyringIn(directory.path), keyringIn(directory.path)];
    for (let times = 0; times < 3; times += 1) working.epochKey(EPOCH);
    purging.destroyEpochKey(EPOCH);
    await new Promise((resolve) => setImmediate(resolve));
    expect(codeOf(() => working.openEpochKey(EPOCH))).toBe("EPOCH_KEY_DESTROYED");
  });

  test("leaves nothing under a second name that a crash left behind", () => {
    using directory = temporaryDirectory();
    const keyring = keyringIn(directory.path);
    keyring.epochKey(EPOCH);
    const file = filesBelow(directory.path).find((path) => path.endsWith(`${EPOCH}.key`))!;
    const leftover = join(dirname(file), ".crashed.tmp");
    linkSync(file, leftover);
    const wrapped = readFileSync(file);
    keyring.destroyEpochKey(EPOCH);
    expect(readFileSync(leftover)).toHaveLength(wrapped.length);
    expect(readFileSync(leftover)).not.toEqual(wrapped);
  });

  test("stays destroyed when the purge died after its marker and the file is still there", () => {
    using directory = temporaryDirectory();
    keyringIn(directory.path).epochKey(EPOCH);
    const file = filesBelow(directory.path).find((path) => path.endsWith(`${EPOCH}.key`))!;
    writeFileSync(file.replace(".key", ".destroyed"), "");
    expect(codeOf(() => keyringIn(directory.path).openEpochKey(EPOCH))).toBe("EPOCH_KEY_DESTROYED");
    expect(filesBelow(directory.path)).not.toContain(file);
  });

  test("stays destroyed while two other processes make and use keys as fast as they can", async () => {
    using directory = temporaryDirectory();
    const epochs = Array.from({ length: 40 }, (_, day) => EPOCH + day * 86_400);
    keyringIn(directory.path);
    const go = join(directory.path, "go");
    const workers = [hammer(directory.path, go, epochs), hammer(directory.path, go, epochs)];
    await Promise.all(workers.map(({ ready }) => ready));
    writeFileSync(go, "");
    const keyring = keyringIn(directory.path);
    for (const epoch of epochs) {
      keyring.destroyEpochKey(epoch);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const outcomes = await Promise.all(workers.map(({ done }) => done));
    // Both workers always had the same key, so what one sealed the other could open.
    const [one, two] = outcomes.map(({ keys }) => new Map(keys));
    const shared = [...one!].filter(([epoch]) => two!.has(epoch));
    expect(shared.length).toBeGreaterThan(0);
    for (const [epoch, key] of shared) expect(two!.get(epoch)).toBe(key);
    expect(outcomes.map(({ unexpected }) => unexpected)).toEqual([[], []]);
    expect(keyring.destroyed()).toEqual(epochs);
    expect(filesBelow(directory.path).filter((file) => /\/\d+\.key$|\.tmp$/.test(file))).toEqual([]);
  });
});

describe("several engines that open a new keyring at once", () => {
  test("end up with the same keys", async () => {
    using directory = temporaryDirectory();
    const go = join(directory.path, "go");
    const workers = [1, 2, 3].map(() => hammer(directory.path, go, [EPOCH], "once"));
    await Promise.all(workers.map(({ ready }) => ready));
    writeFileSync(go, "");
    const outcomes = await Promise.all(workers.map(({ done }) => done));
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
    expect(outcomes[0]!.keys).toHaveLength(5);
  });
});

describe("a blind index", () => {
  test("finds the same value again, and tells kinds and divisions apart", () => {
    using directory = temporaryDirectory();
    const index = createBlindIndex(keyringIn(directory.path));
    expect(createBlindIndex(keyringIn(directory.path)).of("phone", "1234")).toEqual(index.of("phone", "1234"));
    const hashes = [
      index.of("phone", "1234"),
      index.of("user-id", "1234"),
      index.of("phone", "12", "34"),
      index.of("phone", "1", "234"),
      index.of("phone", "1234", ""),
    ];
    expect(hashes.map((hash) => hash.length)).toEqual(hashes.map(() => 16));
    expect(new Set(hashes.map((hash) => hash.toString("hex"))).size).toBe(hashes.length);
    const seen = index.seen("channel", "id", "");
    expect(seen).toHaveLength(16);
    expect(seen).not.toEqual(index.seen("channel", "i", "d"));
  });

  test("says nothing without its key", () => {
    using here = temporaryDirectory();
    using there = temporaryDirectory();
    const [mine, other] = [here, there].map(({ path }) => createBlindIndex(keyringIn(path)));
    expect(mine!.of("phone", "1234")).not.toEqual(other!.of("phone", "1234"));
    expect(mine!.seen("c", "1234", "")).not.toEqual(other!.seen("c", "1234", ""));
  });
});

test("sealed values do not open under another keyring", () => {
  using here = temporaryDirectory();
  using there = temporaryDirectory();
  const place = { epoch: EPOCH, table: "message", row: ROW, column: "sealed" };
  const other = keyringIn(there.path);
  other.epochKey(EPOCH);
  const sealed = createSealer(keyringIn(here.path)).seal(place, Buffer.from("words"));
  rmSync(join(here.path, "keyring"), { recursive: true });
  expect(codeOf(() => createSealer(other).open(place, sealed))).toBe("SEAL_BROKEN");
});

interface Outcome {
  keys: [number | string, string][];
  unexpected: string[];
}

function hammer(directory: string, go: string, epochs: number[], mode = "until-destroyed") {
  const child = spawn(process.execPath, [HAMMER, directory, go, mode, epochs.join(",")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  const ready = new Promise<void>((resolve) => {
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (output.startsWith("ready\n")) resolve();
    });
  });
  const done = new Promise<Outcome>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(JSON.parse(output.slice("ready\n".length)) as Outcome);
      else reject(new Error(`the worker ended with ${code}`));
    });
  });
  return { ready, done };
}
