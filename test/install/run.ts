import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildPackages } from "./packages.ts";

const USAGE = `npm run test:install -- [--from <older package.deb>]

On a bare Debian with its own systemd and no network: installed, set up, first message filed, KIS killed and back, upgraded
under load, an upgrade and a downgrade refused, backed up and restored, removed. Each step is a script in test/install/steps.
0 where everything went as told, or where this machine cannot play it (it says why); 1 otherwise.
`;

const PROGRAMS = ["mmdebstrap", "systemd-nspawn", "nsenter", "unshare", "ip", "dpkg-deb"];
const BARE = ["systemd-sysv", "adduser", "ca-certificates", "libstdc++6"];
const MIRROR = "http://deb.debian.org/debian";
/** For the bare Debian; a mirror that is slower is away. */
const BARE_WITHIN_S = 150;
const PLAYED_WITHIN_S = 300;
/** What timeout(1) says. */
const TOO_SLOW = 124;

const args = process.argv.slice(2);
if (args.includes("--help")) process.stdout.write(USAGE);
else process.exitCode = await run(args[0] === "--from" ? args[1] : undefined);

async function run(older: string | undefined): Promise<number> {
  const why = missing();
  if (why !== undefined) return skip(why);
  const home = mkdtempSync(join(tmpdir(), "botenstoff-install-"));
  try {
    const [bare, packed] = await Promise.all([makeBare(join(home, "root")), makePackages(home, older)]);
    if (!packed) return skip("this machine is too slow to make the packages in time");
    if (!bare) return skip(`no Debian can be fetched from ${MIRROR}`);
    const inside = [
      "--net",
      "--pid",
      "--mount-proc",
      "--kill-child",
      "--",
      process.execPath,
      join(import.meta.dirname, "play.ts"),
      home,
    ];
    const played = spawn("timeout", ["--kill-after=30", String(PLAYED_WITHIN_S), "unshare", ...inside], {
      stdio: "inherit",
    });
    const [code] = (await once(played, "exit")) as [number | null];
    if (code === TOO_SLOW) return skip(`this machine is too slow, after ${PLAYED_WITHIN_S} s it was not over`);
    return code === 0 ? 0 : 1;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function skip(why: string): number {
  process.stdout.write(`test/install is skipped: ${why}\n`);
  return 0;
}

/** Why this machine cannot play it. */
function missing(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "it needs root on Linux";
  const absent = PROGRAMS.filter((program) => !works("sh", ["-c", `command -v ${program}`]));
  if (absent.length > 0) return `it needs ${absent.join(", ")}`;
  return works("unshare", ["--net", "--mount", "--pid", "--fork", "true"])
    ? undefined
    : "no namespaces can be made here";
}

function works(program: string, words: readonly string[]): boolean {
  try {
    execFileSync(program, words, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

async function makeBare(root: string): Promise<boolean> {
  const words = ["--mode=root", "--variant=apt", `--include=${BARE.join()}`, "--quiet", "bookworm", root, MIRROR];
  const made = spawn("timeout", ["--kill-after=10", String(BARE_WITHIN_S), "mmdebstrap", ...words], {
    stdio: "ignore",
  });
  const [code] = (await once(made, "exit")) as [number | null];
  return code === 0;
}

async function makePackages(home: string, older: string | undefined): Promise<boolean> {
  try {
    writeFileSync(join(home, "packages.json"), JSON.stringify(await buildPackages(home, older)));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ETIMEDOUT") return false;
    throw error;
  }
}
