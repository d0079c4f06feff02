import { createHash } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { runChannelTests } from "#src/channel/channel-tests.ts";
import { loadChannels } from "#src/channel/load.ts";
import { formatProblem } from "#src/channel/problem.ts";
import { kindOfError } from "#src/message/error-code.ts";
import type { Log } from "#src/pipeline/deps.ts";
import type { Wanted } from "#src/pipeline/deployment.ts";
import type { Settings } from "./settings.ts";

const LOOK_EVERY_MS = 2_000;

/**
 * Deploys the channel files, and again whenever one changes (its name, size or time; polled, because file events do
 * not cross every kind of mount). What does not lint or whose tests fail is refused with its reasons.
 */
export async function watchChannels(
  settings: Settings,
  log: Log,
  deploy: (wanted: Wanted) => Promise<void>,
): Promise<{ stop(): Promise<void> }> {
  let print = await fingerprint(settings.channelsDir);
  await deploy(await readWanted(settings));
  let looking = Promise.resolve();
  const look = async () => {
    try {
      const now = await fingerprint(settings.channelsDir);
      if (now === print) return;
      print = now;
      await deploy(await readWanted(settings));
    } catch (error) {
      log("error", "channels.unreadable", { error: kindOfError(error) });
    }
  };
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, LOOK_EVERY_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await looking;
    },
  };
}

/** The channels fit to run, and why the others are not. */
async function readWanted(settings: Settings): Promise<Wanted> {
  const { channels, problems } = await loadChannels({
    directory: settings.channelsDir,
    mappingsDirectory: settings.mappingsDir,
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
  return { channels: fit, refused };
}

async function fingerprint(directory: string): Promise<string> {
  const hash = createHash("sha256");
  for (const name of (await readdir(directory)).sort()) {
    const { size, mtimeMs } = await stat(join(directory, name));
    hash.update(`${name}\0${size}\0${mtimeMs}\0`);
  }
  return hash.digest("hex");
}
