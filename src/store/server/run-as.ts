import { execFileSync, spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { chownSync, existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { BotenstoffError } from "#src/message/error-code.ts";

/** How PostgreSQL's programs are run: it refuses to run as root. */
export interface RunAs {
  spawn(program: string, args: readonly string[], options: SpawnOptions): ChildProcess;
  /** Hands a file or folder to the user the programs run as. */
  own(path: string): void;
}

/** "nobody" on every Linux; owns nothing else here. */
const UNPRIVILEGED = 65_534;

/**
 * Decides how to run programs that lie at `programs` on a cluster that lies under `data`: directly as an ordinary user; as root
 * under an unprivileged uid where it can reach both; else as root inside a user namespace that shows root as somebody else.
 * @throws BotenstoffError CONFIG_INVALID where neither is possible
 */
export function chooseRunAs(programs: string, data: string): RunAs {
  if (process.getuid?.() !== 0) {
    return { spawn: (program, args, options) => spawn(program, args, options), own: () => undefined };
  }
  if ([programs, data].every(reachableByOthers) && !belongsToRoot(join(data, "cluster"))) {
    return {
      spawn: (program, args, options) => spawn(program, args, { ...options, uid: UNPRIVILEGED, gid: UNPRIVILEGED }),
      own: (path) => chownSync(path, UNPRIVILEGED, UNPRIVILEGED),
    };
  }
  const namespace = ["--user", `--map-user=${UNPRIVILEGED}`, `--map-group=${UNPRIVILEGED}`, "--"];
  if (!works("unshare", [...namespace, "true"])) {
    throw new BotenstoffError(
      "CONFIG_INVALID",
      "starting the embedded PostgreSQL as root: no other user may enter this folder; move it, run as an ordinary user, or set DATABASE_URL",
    );
  }
  return {
    spawn: (program, args, options) => spawn("unshare", [...namespace, program, ...args], options),
    own: () => undefined,
  };
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
