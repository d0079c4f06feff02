import { chmodSync, existsSync, globSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A clock that can be set, for processes started with its environment; their monotonic clocks go on as ever. */
export interface FakeClock {
  /** For a program of many threads, such as Node. */
  readonly threaded: Readonly<Record<string, string>>;
  /** For one without, whose signal handlers read the clock: a lock would stop it (PostgreSQL). */
  readonly single: Readonly<Record<string, string>>;
  /** How far it is off from now on, in seconds. */
  set(seconds: number): void;
}

const FOLDERS = ["/usr/lib/*/faketime", "/usr/lib/faketime", "/usr/local/lib/faketime"];
const SHARED = "/dev/shm";

/** Makes a clock that is right at first; nothing where libfaketime is not installed (Debian: `apt-get install libfaketime`). */
export function openFakeClock(directory: string, name: string): FakeClock | undefined {
  const [single] = globSync(FOLDERS.map((folder) => `${folder}/libfaketime.so.1`));
  const [threaded] = globSync(FOLDERS.map((folder) => `${folder}/libfaketimeMT.so.1`));
  if (single === undefined || threaded === undefined) return undefined;
  const file = join(directory, `clock-${name}`);
  const set = (seconds: number) => {
    // Whoever reads it meanwhile must find a whole number.
    writeFileSync(`${file}.new`, `${seconds < 0 ? "" : "+"}${seconds}\n`);
    chmodSync(`${file}.new`, 0o644);
    renameSync(`${file}.new`, file);
  };
  set(0);
  const env = (library: string) => ({
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    NO_FAKE_STAT: "1",
  });
  return { threaded: env(threaded), single: env(single), set };
}

/** Removes what our killed processes left of libfaketime: the next one that gets such a process's number would not start. */
export function sweepFakeClocks(): void {
  if (!existsSync(SHARED)) return;
  for (const name of readdirSync(SHARED)) {
    const pid = /faketime_(?:shm|sem)_(\d+)$/.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    const path = join(SHARED, name);
    const isOurs = statSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.();
    if (isOurs) rmSync(path, { force: true });
  }
}
