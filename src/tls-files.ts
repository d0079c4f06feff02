import { readFile, stat } from "node:fs/promises";
import type { TlsMaterial } from "#src/api/server.ts";
import { BotenstoffError, kindOfError } from "#src/message/error-code.ts";
import type { Log } from "#src/pipeline/deps.ts";
import type { TlsFiles } from "./settings.ts";

const LOOK_EVERY_MS = 10_000;

/** @throws BotenstoffError CONFIG_INVALID naming the file */
export async function readTls(files: TlsFiles): Promise<TlsMaterial> {
  const [cert, key, clientCa] = await Promise.all([
    read(files.cert),
    read(files.key),
    files.clientCa && read(files.clientCa),
  ]);
  return { cert, key, ...(clientCa && { clientCa }) };
}

/** Hands on a renewed certificate without a restart; one that cannot be used leaves the old one in place. */
export function watchTls(files: TlsFiles, log: Log, renew: (tls: TlsMaterial) => void): { stop(): void } {
  let known = print(files);
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  timer.unref();
  const look = async () => {
    try {
      const now = await print(files);
      if (now === (await known)) return;
      known = Promise.resolve(now);
      renew(await readTls(files));
      log("info", "tls.renewed");
    } catch (error) {
      log("error", "tls.unusable", { error: kindOfError(error) });
    }
  };
  return { stop: () => clearInterval(timer) };
}

async function print(files: TlsFiles): Promise<string> {
  const paths = [files.cert, files.key, ...(files.clientCa === undefined ? [] : [files.clientCa])];
  const stats = await Promise.all(paths.map((path) => stat(path)));
  return stats.map(({ size, mtimeMs, ino }) => `${size} ${mtimeMs} ${ino}`).join();
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new BotenstoffError("CONFIG_INVALID", `reading ${file}: ${kindOfError(cause)}`, { cause });
  }
}
