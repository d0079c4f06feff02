import { execFileSync, spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { createHash } from "node:crypto";
import { chownSync, existsSync, lstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { BotenstoffError } from "#src/message/error-code.ts";

/** How PostgreSQL's programs are run: it refuses to run as root. Of the engine's environment they see nothing. */
export interface RunAs {
  spawn(program: string, args: readonly string[], options: Omit<SpawnOptions, "uid" | "gid">): ChildProcess;
  /** The same for initdb, which asks who it is: only a user with a name can be told. */
  initialise(program: string, args: readonly string[], options: Omit<SpawnOptions, "uid" | "gid">): ChildProcess;
  /** Hands a folder to the user initdb runs as. */
  lend(path: string): void;
  /** Hands a file or folder, with everything in it, to the user the server runs as. */
  own(path: string): void;
}

/** "nobody" on every Linux: shared by whatever has no user of its own, so only for a moment and for nothing secret. */
const NOBODY = 65_534;
/** A user the administrator may make for it; without one it is a number nobody else has. */
const NAME = "botenstoff-db";
/** Between what distributions give to people and to services, and what they keep for containers. */
const FIRST_UID = 62_000;
const UIDS = 2_000;

/**
 * Decides how to run programs that lie at `programs` on a cluster that lies under `data`: directly as an ordinary user; as root
 * under a uid of the database's own where it can reach both; else as root inside a user namespace that shows root as somebody else.
 * @throws BotenstoffError CONFIG_INVALID where neither is possible
 */
export function chooseRunAs(programs: string, data: string): RunAs {
  if (process.getuid?.() !== 0) return plainly(spawn);
  if ([programs, data].every(reachableByOthers) && !belongsToRoot(join(data, "cluster"))) {
    const uid = uidOf(data);
    const under = (id: number): RunAs["spawn"] => {
      return (program, args, options) => spawn(program, args, { ...options, uid: id, gid: id });
    };
    return {
      spawn: under(uid),
      initialise: under(NOBODY),
      lend: (path) => chownSync(path, NOBODY, NOBODY),
      own: (path) => chownAll(path, uid),
    };
  }
  const namespace = ["--user", `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, "--"];
  if (!works("unshare", [...namespace, "true"])) {
    throw new BotenstoffError(
      "CONFIG_INVALID",
      "starting the embedded PostgreSQL as root: no other user may enter this folder; move it, run as an ordinary user, or set DATABASE_URL",
    );
  }
  const unshare = execFileSync("sh", ["-c", "command -v unshare"], { encoding: "utf8" }).trim();
  return plainly((program, args, options) => spawn(unshare, [...namespace, program, ...args], options));
}

function plainly(run: RunAs["spawn"]): RunAs {
  return { spawn: run, initialise: run, lend: () => undefined, own: () => undefined };
}

/** The user's of that name; else a number of this folder's own that no user has, the same at every start. */
export function uidOf(data: string, passwd = readFileSync("/etc/passwd", "utf8")): number {
  const users = passwd.split("\n").map((line) => line.split(":"));
  const named = users.find(([name]) => name === NAME)?.[2];
  if (named !== undefined) return Number(named);
  const taken = new Set(users.map(([, , uid]) => Number(uid)));
  const start = createHash("sha256").update(resolve(data)).digest().readUInt32BE() % UIDS;
  const free = Array.from({ length: UIDS }, (_, step) => FIRST_UID + ((start + step) % UIDS)).find(
    (uid) => !taken.has(uid),
  );
  return free ?? NOBODY;
}

/** What is its own already stays as it is: a cluster has thousands of files. */
function chownAll(path: string, uid: number): void {
  const { uid: owner } = lstatSync(path);
  const folder = lstatSync(path).isDirectory();
  if (folder) for (const name of readdirSync(path)) chownAll(join(path, name), uid);
  if (owner !== uid && !lstatSync(path).isSymbolicLink()) chownSync(path, uid, uid);
}

/** A cluster made inside a user namespace stays there: PostgreSQL insists on owning its files. */
function belongsToRoot(cluster: string): boolean {
  return existsSync(cluster) && statSync(cluster).uid === 0;
}

/** Whether a user without rights of its own may enter every folder on the way. */
function reachableByOthers(path: string): boolean {
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

function works(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
