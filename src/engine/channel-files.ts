import { createHash } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { loadHl7Profiles } from "#src/channel/hl7-profiles.ts";
import { loadChannels } from "#src/channel/load.ts";
import { formatProblem } from "#src/channel/problem.ts";
import { kindOfError } from "#src/message/error-code.ts";
import type { Log } from "#src/telemetry/log.ts";
import type { Wanted } from "#src/deployment/deployment.ts";
import type { Settings } from "./settings.ts";

const LOOK_EVERY_MS = 2_000;
/** After a restart a port, an address or a certificate may come a little later than the engine. */
const START_AGAIN_MS = 10_000;

/**
 * Deploys the channel files, and again whenever one of them, an HL7 profile, or a secret or an example they name changes (its
 * name, size or time; polled, because file events do not cross every kind of mount). What does not lint or whose tests
 * fail is refused with its reasons; what could not be started is started again.
 */
export async function watchChannels(
  settings: Settings,
  log: Log,
  deploy: (wanted: Wanted) => Promise<readonly string[]>,
): Promise<{ stop(): Promise<void> }> {
  let files: readonly string[] = [];
  let known: string | undefined;
  let startAgain = Infinity;
  const look = async () => {
    const now = await fingerprint([settings.channelsDir, settings.profilesDir], files);
    if (now === known && performance.now() < startAgain) return;
    // Whatever fails from here on is tried again at the next look.
    known = undefined;
    const { wanted, files: named } = await readWanted(settings);
    const idle = await deploy(wanted);
    startAgain = idle.length === 0 ? Infinity : performance.now() + START_AGAIN_MS;
    // Taken before the reading, so that a change during it is seen at the next look.
    if (named.join() === files.join()) known = now;
    files = named;
  };
  await look();
  let looking = Promise.resolve();
  const lookAgain = () =>
    look().catch((error: unknown) =>
      log("error", "channels.unreadable", {
        error: kindOfError(Error.isError(error) ? (error.cause ?? error) : error),
      }),
    );
  const timer = setInterval(() => {
    looking = looking.then(lookAgain);
  }, LOOK_EVERY_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await looking;
    },
  };
}

/** The channels fit to run, why the others are not, and the files they name. */
async function readWanted(settings: Settings): Promise<{ wanted: Wanted; files: readonly string[] }> {
  const { channels, problems, files } = await loadChannels({
    directory: settings.channelsDir,
    mappingsDirectory: settings.mappingsDir,
    profiles: await loadHl7Profiles(settings.profilesDir),
    env: settings.env,
    tests: "run",
  });
  const refused = new Map<string, readonly string[]>();
  for (const problem of problems) {
    const id = basename(problem.file, extname(problem.file));
    refused.set(id, [...(refused.get(id) ?? []), formatProblem(problem)]);
  }
  return { wanted: { channels, refused }, files };
}

async function fingerprint(directories: readonly string[], files: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const directory of directories) {
    const found = (await readdir(directory).catch(() => [])).sort().map((name) => join(directory, name));
    for (const file of found) hash.update(await print(file));
  }
  for (const file of files) hash.update(await print(file));
  return hash.digest("hex");
}

/**
 * A mount may swap a file behind a link without a new time, hence the inode. What is not there yet, or no more, is in a
 * state like any other.
 */
async function print(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined);
  return `${file}\0${found ? `${found.size}\0${found.mtimeMs}\0${found.ino}` : "absent"}\0`;
}
