import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { hkdfSync, randomBytes } from "node:crypto";
import { deflateRawSync } from "node:zlib";
import { dirname, resolve } from "node:path";
import { BotenstoffError } from "#src/message/error-code.ts";

const MIN_BYTES = 32;
/** What cannot be written shorter than this has no obvious pattern; a word list knows better. */
const MIN_PACKED_BYTES = 20;
/** Where container runtimes mount secrets, readable by everybody in a container that nobody else is in. */
const MOUNTED = "/run/secrets/";
const MAKE_ONE = "make one: `openssl rand -base64 48 > master.key && chmod 600 master.key`";

/**
 * Reads the master key: any content of at least 32 random bytes, a line end at its end not counted. 32 bytes by HKDF-SHA256.
 * @throws BotenstoffError MASTER_KEY_MISSING, CONFIG_INVALID
 */
export function readMasterKey(path: string | undefined): Buffer {
  if (path === undefined) throw new BotenstoffError("MASTER_KEY_MISSING", "starting: no master key file is named");
  const content = stripLineEnd(read(path));
  if (content.length < MIN_BYTES) {
    throw new BotenstoffError(
      "CONFIG_INVALID",
      `reading BOTENSTOFF_MASTER_KEY_FILE: it holds ${content.length} bytes, ${MIN_BYTES} are needed`,
    );
  }
  if (deflateRawSync(content).length < MIN_PACKED_BYTES) {
    throw new BotenstoffError(
      "CONFIG_INVALID",
      `reading BOTENSTOFF_MASTER_KEY_FILE: what it holds was not drawn at random; ${MAKE_ONE}`,
    );
  }
  return Buffer.from(hkdfSync("sha256", content, Buffer.alloc(0), "botenstoff master key", 32));
}

/**
 * A key that every user of the machine may read, or change, is none.
 * @throws BotenstoffError CONFIG_INVALID
 */
export function refuseOpenKey(path: string | undefined): void {
  if (path === undefined || !existsSync(path)) return;
  if ((statSync(path).mode & 0o007) === 0 || resolve(path).startsWith(MOUNTED)) return;
  throw new BotenstoffError(
    "CONFIG_INVALID",
    "reading BOTENSTOFF_MASTER_KEY_FILE: every user of this machine may read it; `chmod o= <file>`, and make another one if somebody has",
  );
}

/** Writes a new master key; refuses to overwrite one. */
export function createMasterKey(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const handle = openSync(path, "wx", 0o600);
  writeSync(handle, `${randomBytes(48).toString("base64")}\n`);
  fsyncSync(handle);
  closeSync(handle);
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new BotenstoffError("CONFIG_INVALID", "reading BOTENSTOFF_MASTER_KEY_FILE: the file cannot be read", {
      cause,
    });
  }
}

function stripLineEnd(content: Buffer): Buffer {
  let end = content.length;
  while (end > 0 && (content[end - 1] === 0x0a || content[end - 1] === 0x0d)) end -= 1;
  return content.subarray(0, end);
}
