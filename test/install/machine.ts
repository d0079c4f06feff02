import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const execute = promisify(execFile);
const BOOTED_WITHIN_MS = 60_000;
const STOPPED_WITHIN_MS = 30_000;
const MOST_OUTPUT = 1 << 24;

/** A Debian with its own systemd, on the network of this process. */
export interface Machine {
  /** Runs a script of steps/ as root. @returns what it printed @throws Error with that where it fails */
  run(step: string, ...words: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

/** @param home has the root tree `root`, the `packages`, and room for a log */
export async function boot(home: string): Promise<Machine> {
  const log = openSync(join(home, "machine.log"), "w");
  mkdirSync(join(home, "packages"), { recursive: true });
  const nspawn = spawn(
    "systemd-nspawn",
    [
      ...["--quiet", "--boot", "--register=no", "--keep-unit", `--directory=${join(home, "root")}`],
      ...["--machine=botenstoff-install", `--bind-ro=${join(home, "packages")}:/packages`],
      `--bind-ro=${join(import.meta.dirname, "steps")}:/steps`,
    ],
    { stdio: ["ignore", log, log], detached: true },
  );
  closeSync(log);
  const ended = once(nspawn, "exit");
  const inside = async (program: string, ...words: readonly string[]) => {
    const first = firstProcess(nspawn.pid ?? 0);
    if (first === undefined) throw new Error("the machine is not up");
    const enter = ["--target", String(first), "--mount", "--uts", "--ipc", "--pid", "--root"];
    const env = {
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      LANG: "C.UTF-8",
      HOME: "/root",
    };
    // The folder this process is in is not there.
    const there = ["sh", "-c", 'cd / && exec "$@"', "sh"];
    return execute("nsenter", [...enter, "--", ...there, program, ...words], { env, maxBuffer: MOST_OUTPUT });
  };
  const stop = async () => {
    // What systemd takes for an order to shut down.
    nspawn.kill("SIGTERM");
    if (await Promise.race([ended.then(() => false), sleep(STOPPED_WITHIN_MS, true, { ref: false })])) {
      nspawn.kill("SIGKILL");
      await ended;
    }
  };
  const deadline = performance.now() + BOOTED_WITHIN_MS;
  for (;;) {
    // "degraded" as well: a unit of Debian's own may be missing its hardware.
    const state = await inside("systemctl", "is-system-running").catch(
      (error: unknown) => error as { stdout?: string },
    );
    if (/^(running|degraded)/.test(state.stdout ?? "")) break;
    if (performance.now() > deadline || nspawn.exitCode !== null) {
      await stop();
      throw new Error(`no systemd came up: ${readFileSync(join(home, "machine.log"), "utf8").slice(-500)}`);
    }
    await sleep(200);
  }
  return {
    stop,
    run: (step, ...words) =>
      inside(`/steps/${step}.sh`, ...words).then(
        ({ stdout, stderr }) => stdout + stderr,
        (error: unknown) => {
          const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
          throw new Error(`${step}: ${stdout}${stderr}`, { cause: error });
        },
      ),
  };
}

function firstProcess(nspawn: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${nspawn}/task/${nspawn}/children`, "utf8").trim().split(" ");
    const systemd = children
      .map(Number)
      .find((pid) => pid > 0 && readFileSync(`/proc/${pid}/comm`, "utf8") === "systemd\n");
    return systemd;
  } catch {
    return undefined;
  }
}
