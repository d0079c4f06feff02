import { execFileSync } from "node:child_process";
import { join, dirname } from "node:path";
import type { Release } from "./release.ts";

/** A bundle that installs by unpacking, without internet. @returns its path */
export function buildTar(release: Release, app: string, out: string): Promise<string> {
  const file = join(out, `${release.name}-${release.version}-linux-${release.architecture}.tar.xz`);
  const same = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", `--mtime=@${release.epoch}`];
  execFileSync("tar", [...same, "--use-compress-program=xz -1 -T1", "-cf", file, "-C", dirname(app), release.name]);
  return Promise.resolve(file);
}
