import { createHash } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { runChannelTests } from "#src/channel/channel-tests.ts";
import { loadHl7Profiles } from "#src/channel/hl7-profiles.ts";
import { loadChannels } from "#src/channel/load.ts";
import { formatProblem } from "#src/channel/problem.ts";
import { kindOfError } from "#src/message/error-code.ts";
import type { Log } from "#src/pipeline/deps.ts";
import type { Wanted } from "#src/pipeline/deployment.ts";
import type { Settings } from "./settings.ts";

const LOOK_EVERY_MS = 2_000;

/**
 * Deploys the channel files, and again whenever one of them, an HL7 profile or a secret file they name changes (its
 * name, size or time; polled, because file events do not cross every kind of mount). What does not lint or whose tests
 * fail is refused with its reasons.
 */
export async function watchChannels(
  settings: Settings,
  log: Log,
  deploy: (wanted: Wanted) => Promise<void>,
): Promise<{ stop(): Promise<void> }> {
  let files: readonly string[] = [];
  let known: string | undefined;
  const look = async () => {
    const now = await fingerprint([settings.channelsDir, settings.profilesDir], files);
    if (now === known) return;
    // Whatever fails from here on is tried again at the next look.
    known = undefined;
    const { wanted, files: named } = await readWanted(settings);
    await deploy(wanted);
    // Taken before the reading, so that a change during it is seen at the next look.
    if (named.join() === files.join()) known = now;
    files = named;
  };
  await look();
  let looking = Promise.resolve();
  const lookAgain = () =>
    look().catch((error: unknown) => log("error", "channels.unreadable", { error: kindOfError(error) }));
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
  });
  const refused = new Map<string, string[]>();
  for (const problem of problems) {
    const id = basename(problem.file, extname(problem.file));
    refused.set(id, [...(refused.get(id) ?? []), formatProblem(problem)]);
  }
  const fit = [];
  for (const channel of channels) {
    const failed = (await runChannelTests(channel)).filter((result) => !result.passed);
    if (failed.length === 0) fit.push(channel);
    else
      refused.set(
        channel.id,
        failed.map(({ name }) => `${channel.file}: test "${name}" fails`),
      );
  }
  return { wanted: { channels: fit, refused }, files };
}

async function fingerprint(directories: readonly string[], files: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const directory of directories) {
    const found = (await readdir(directory)).sort().map((name) => join(directory, name));
    for (const file of found) hash.update(await print(file));
  }
  // A secret that is not there yet, or no more, is a state like any other.
  for (const file of files) hash.update(await print(file).catch(() => `${file}\0absent\0`));
  return hash.digest("hex");
}

/** A mount may swap a file behind a link without a new time, hence the inode. */
async function print(file: string): Promise<string> {
  const { size, mtimeMs, ino } = await stat(file);
  return `${file}\0${size}\0${mtimeMs}\0${ino}\0`;
}
