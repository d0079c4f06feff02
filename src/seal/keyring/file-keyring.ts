import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BotenstoffError } from "#src/message/error-code.ts";
import { decrypt, encrypt, KEY_BYTES, lengthPrefixed, subkey } from "../cipher.ts";
import { createDurably, makeDirectoryDurably, shredFile } from "../durable-file.ts";
import { DIRECTORY_EPOCH, type Keyring, type NamedKey } from "./keyring.ts";

const DESTROYED = ".destroyed";

/**
 * A keyring of files under `directory`, each wrapped by a key derived from the master key. Several engines may share
 * it: files appear atomically, and the loser of a race takes the winner's.
 * @throws BotenstoffError MASTER_KEY_WRONG when the keyring was made under another master key
 */
export function openFileKeyring({ directory, masterKey }: { directory: string; masterKey: Buffer }): Keyring {
  const wrapping = subkey(masterKey, "keyring");
  const epochs = join(directory, "epochs");
  const named = join(directory, "named");
  for (const path of [epochs, named]) makeDirectoryDurably(path);
  const wrap = (name: string, key: Buffer) => encrypt(wrapping, key, lengthPrefixed("key", name));
  const unwrap = (name: string, wrapped: Buffer) => decrypt(wrapping, wrapped, lengthPrefixed("key", name));
  checkMasterKey(join(named, "check.key"), wrap, unwrap);

  const cache = new Map<number, Buffer>();
  const namedCache = new Map<NamedKey, Buffer>();
  const epochFile = (epoch: number) => join(epochs, `${epoch}.key`);
  const namedFile = (name: NamedKey) => join(named, `${name}.key`);
  const marker = (epoch: number) => join(epochs, `${epoch}${DESTROYED}`);

  function loadOrMake(path: string, name: string, make: () => Buffer): Buffer {
    if (!existsSync(path)) createDurably(path, wrap(name, make()));
    return unwrap(name, readFileSync(path));
  }

  /** Epochs whose marker was looked for in this turn of the event loop; nobody else's purge can be learned of within one. */
  const lookedAt = new Set<number>();

  /**
   * The marker is looked for again in every turn of the event loop, cached key or not: another engine may have purged the
   * epoch, and what is sealed under a destroyed key is lost.
   */
  function keyOf(epoch: number, whenMissing: () => void): Buffer {
    const known = cache.get(epoch);
    if (known && lookedAt.has(epoch)) return known;
    refuseDestroyed(epoch);
    if (known) {
      if (lookedAt.size === 0) setImmediate(() => lookedAt.clear());
      lookedAt.add(epoch);
      return known;
    }
    try {
      if (!existsSync(epochFile(epoch))) whenMissing();
      const key = unwrap(`epoch ${epoch}`, readFileSync(epochFile(epoch)));
      cache.set(epoch, key);
      return key;
    } finally {
      // A purge writes its marker before it touches the key: what was read, made or missed in between does not count.
      refuseDestroyed(epoch);
    }
  }

  /** Whoever meets the marker finishes the destruction, so that neither a race nor a crash leaves a key behind. */
  function refuseDestroyed(epoch: number): void {
    if (!existsSync(marker(epoch))) return;
    destroyKey(epoch);
    throw new BotenstoffError("EPOCH_KEY_DESTROYED", `opening epoch ${epoch}: it was purged`);
  }

  function destroyKey(epoch: number): void {
    cache.get(epoch)?.fill(0);
    cache.delete(epoch);
    if (existsSync(epochFile(epoch))) shredFile(epochFile(epoch));
  }

  return {
    epochKey: (epoch) =>
      keyOf(epoch, () => createDurably(epochFile(epoch), wrap(`epoch ${epoch}`, randomBytes(KEY_BYTES)))),
    openEpochKey: (epoch) =>
      keyOf(epoch, () => {
        throw new BotenstoffError("SEAL_BROKEN", `opening epoch ${epoch}: its key is missing from the keyring`);
      }),
    destroyEpochKey: (epoch) => {
      if (epoch === DIRECTORY_EPOCH)
        throw new RangeError("destroying an epoch key: the directory's is never destroyed");
      createDurably(marker(epoch), Buffer.alloc(0));
      destroyKey(epoch);
    },
    forgetDestroyed: () => {
      for (const epoch of [...cache.keys()]) if (existsSync(marker(epoch))) destroyKey(epoch);
    },
    generations: () =>
      readdirSync(epochs)
        .flatMap((name) => /^-(\d+)\.key$/.exec(name)?.[1] ?? [])
        .map(Number)
        .sort((a, b) => a - b),
    destroyed: () =>
      readdirSync(epochs)
        .filter((name) => name.endsWith(DESTROYED))
        .map((name) => Number(name.slice(0, -DESTROYED.length)))
        .sort((a, b) => a - b),
    named: (name) => {
      const known = namedCache.get(name);
      if (known) return known;
      const key = loadOrMake(namedFile(name), name, () => randomBytes(KEY_BYTES));
      namedCache.set(name, key);
      return key;
    },
    hasNamed: (name) => existsSync(namedFile(name)),
    signingKey: () => {
      const pem = loadOrMake(join(named, "signing.key"), "signing", () =>
        Buffer.from(generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" })),
      );
      const privateKey = createPrivateKey(pem);
      const publicKey = createPublicKey(privateKey);
      const der = publicKey.export({ format: "der", type: "spki" });
      return { privateKey, publicKey, keyId: createHash("sha256").update(der).digest("hex").slice(0, 16) };
    },
  };
}

/** A known value wrapped at the keyring's birth tells a wrong master key from a damaged file. */
function checkMasterKey(
  path: string,
  wrap: (name: string, key: Buffer) => Buffer,
  unwrap: (name: string, wrapped: Buffer) => Buffer,
): void {
  if (!existsSync(path)) createDurably(path, wrap("check", Buffer.from("botenstoff")));
  try {
    unwrap("check", readFileSync(path));
  } catch (cause) {
    throw new BotenstoffError("MASTER_KEY_WRONG", "opening the keyring: it was made under another master key", {
      cause,
    });
  }
}
