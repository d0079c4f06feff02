import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";

/** What is packaged: everything that makes the bytes what they are. */
export interface Release {
  readonly name: string;
  readonly version: string;
  /** Full hash of the commit. */
  readonly commit: string;
  /** Time of the commit in seconds since 1970: the time of every file in every package. */
  readonly epoch: number;
  /** As Debian names it: "amd64". */
  readonly architecture: string;
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** Reads the release from package.json and git. @throws Error outside a git checkout */
export async function readRelease(): Promise<Release> {
  const { name, version } = JSON.parse(await readFile("package.json", "utf8")) as { name: string; version: string };
  const git = (...args: string[]) => execFileSync("git", args, { encoding: "utf8" }).trim();
  return {
    name,
    version,
    commit: git("rev-parse", "HEAD"),
    epoch: Number(git("show", "-s", "--format=%ct", "HEAD")),
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
  };
}
