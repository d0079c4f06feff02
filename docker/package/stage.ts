import { execFileSync } from "node:child_process";
import { chmod, cp, lutimes, mkdir, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Release } from "./release.ts";

/** What of the repository an installed engine needs. */
const PARTS = [
  "src/",
  "mappings/",
  "channels/",
  "config/",
  "docs/",
  "package.json",
  "package-lock.json",
  "LICENSE",
  "README.md",
];
/** The pages, compiled: a production install carries no compiler. */
const WEB_ASSETS = "src/web/built";
/** What comes along with npm packages and no running engine reads. */
const NEEDLESS = [".package-lock.json", ".bin"];

/**
 * Lays out an installed engine: the committed files, production dependencies, the web assets, and Node itself.
 * @returns the folder with the engine
 */
export async function stageEngine(release: Release, stage: string): Promise<string> {
  const app = join(stage, release.name);
  const tracked = execFileSync("git", ["ls-files", "-z"], { encoding: "utf8" }).split("\0");
  for (const file of tracked.filter((name) => PARTS.some((part) => name === part || name.startsWith(part)))) {
    await mkdir(dirname(join(app, file)), { recursive: true });
    await cp(file, join(app, file));
  }
  execFileSync("npm", ["run", "--silent", "web:build"], { stdio: ["ignore", "ignore", "inherit"] });
  await cp(WEB_ASSETS, join(app, WEB_ASSETS), { recursive: true });
  // Left behind, the clone would serve them although its sources move on.
  await rm(WEB_ASSETS, { recursive: true });
  await cp(".npmrc", join(app, ".npmrc"));
  const npm = { cwd: app, stdio: ["ignore", "ignore", "inherit"] } satisfies Parameters<typeof execFileSync>[2];
  execFileSync("npm", ["ci", "--omit=dev", "--loglevel=error", "--no-audit", "--no-fund"], npm);
  for (const name of NEEDLESS) await rm(join(app, "node_modules", name), { recursive: true, force: true });
  await rm(join(app, ".npmrc"));
  await useOneNode(app);
  await settle(stage, release.epoch);
  return app;
}

/** The packaged Node lies where the launcher looks; its second copy and headers go. */
async function useOneNode(app: string): Promise<void> {
  const modules = join(app, "node_modules");
  const carried = await readdir(join(modules, "node", "node_modules")).catch(() => []);
  for (const name of carried) await rm(join(modules, "node", "node_modules", name), { recursive: true });
  for (const name of await readdir(modules)) {
    if (name.startsWith("node-linux-")) await rm(join(modules, name), { recursive: true });
  }
}

/** Every file gets the time of the commit and one of two modes, whoever built it and under whatever umask. */
async function settle(folder: string, epoch: number): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await settle(path, epoch);
    else if (!entry.isSymbolicLink()) await chmod(path, (await stat(path)).mode & 0o100 ? 0o755 : 0o644);
    await lutimes(path, epoch, epoch);
  }
  await chmod(folder, 0o755);
  await lutimes(folder, epoch, epoch);
}

/** Gives a folder made after staging the same times and modes. */
export { settle as settleFolder };
