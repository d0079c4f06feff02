import { spawn } from "node:child_process";
import { once } from "node:events";
import readline from "node:readline";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";

/** The real engine in a process of its own, started as an operator would start it. */
export interface EngineProcess {
  readonly url: string;
  readonly pid: number;
  /** Sends a signal and waits for the end. @returns the exit code, or the signal that killed it */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number | string>;
  /** Resolves when the process has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Sends a message over the IPC channel. */
  tell(message: Readonly<Record<string, unknown>>): void;
}

interface Options {
  readonly env: Readonly<Record<string, string>>;
  /** For Node itself, before the program. */
  readonly nodeArguments?: readonly string[];
  /** Every line the engine logs. */
  readonly onLog?: (line: string) => void;
}

const CLI = fileURLToPath(new URL("../cli.ts", import.meta.url));
/** As in the command's first line: garbage is collected before the process has grown to 400 MB. */
const FLAGS = ["--max-old-space-size=1024", "--max-semi-space-size=16", "--no-parallel-scavenge"];
const START_MS = 60_000;

/**
 * Starts `botenstoff serve` and waits until it is ready. The engine ends by itself when this process is gone (its IPC
 * channel closes). Nothing of this process's environment that steers an engine is passed on.
 */
export async function startEngineProcess({ env, nodeArguments = [], onLog }: Options): Promise<EngineProcess> {
  const child = spawn(process.execPath, [...FLAGS, ...nodeArguments, CLI, "serve"], {
    env: { ...inherited(), ...env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const tail: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    readline.createInterface({ input: stream }).on("line", (line: string) => {
      tail.push(line);
      if (tail.length > 20) tail.shift();
      onLog?.(line);
    });
  }
  const exited = once(child, "exit") as Promise<[number | null, string | null]>;
  const url = await Promise.race([
    once(child, "message").then(([message]) => (message as { url: string }).url),
    exited.then(() => undefined),
    sleep(START_MS, undefined, { ref: false }),
  ]);
  if (url === undefined) {
    child.kill("SIGKILL");
    throw new Error(`the engine did not start:\n${tail.join("\n")}`);
  }
  return {
    url,
    pid: child.pid ?? 0,
    ended: exited.then(() => undefined),
    tell: (message) => {
      if (child.connected) child.send(message);
    },
    end: async (signal) => {
      child.kill(signal);
      const [code, killedBy] = await exited;
      return code ?? killedBy ?? "";
    },
  };
}

function inherited(): Record<string, string> {
  const steers = /^(BOTENSTOFF_|WHATSAPP_|KIS_|ADT_|DATABASE_URL$)/;
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !steers.test(entry[0]),
    ),
  );
}
