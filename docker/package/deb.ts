import { execFileSync } from "node:child_process";
import { chmod, cp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Release } from "./release.ts";
import { settleFolder } from "./stage.ts";

const SCRIPTS = ["postinst", "prerm", "postrm"];

/** A Debian package with a hardened systemd unit. @returns its path */
export async function buildDeb(release: Release, app: string, out: string): Promise<string> {
  const { name, version, architecture, epoch } = release;
  const root = join(dirname(app), "deb");
  const place = async (from: string, to: string, mode: number) => {
    await mkdir(dirname(join(root, to)), { recursive: true });
    await cp(from, join(root, to), { recursive: true, verbatimSymlinks: true });
    await chmod(join(root, to), mode);
  };
  await place(app, "usr/lib/botenstoff", 0o755);
  await place("docker/debian/botenstoff.service", "lib/systemd/system/botenstoff.service", 0o644);
  await place("docker/debian/environment", "etc/botenstoff/environment", 0o644);
  await place("channels", "etc/botenstoff/channels", 0o755);
  await mkdir(join(root, "usr/bin"), { recursive: true });
  await symlink("../lib/botenstoff/bin/botenstoff", join(root, "usr/bin/botenstoff"));
  await mkdir(join(root, "usr/lib/botenstoff/bin"), { recursive: true });
  await place("docker/debian/botenstoff", "usr/lib/botenstoff/bin/botenstoff", 0o755);
  await mkdir(join(root, "DEBIAN"), { recursive: true });
  for (const script of SCRIPTS) await place(`docker/debian/${script}`, `DEBIAN/${script}`, 0o755);
  const control = await readFile("docker/debian/control", "utf8");
  const filled = control.replace("@VERSION@", version).replace("@ARCHITECTURE@", architecture);
  await writeFile(join(root, "DEBIAN/control"), filled);
  const kept = ["environment", "channels/adt-to-directory.yaml", "channels/whatsapp-to-kis.yaml"];
  await writeFile(join(root, "DEBIAN/conffiles"), kept.map((file) => `/etc/botenstoff/${file}\n`).join(""));
  await settleFolder(root, epoch);
  const file = join(out, `${name}_${version}_${architecture}.deb`);
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(epoch) };
  execFileSync("dpkg-deb", ["--root-owner-group", "-Zxz", "-z1", "--threads-max=1", "-b", root, file], {
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  await rm(root, { recursive: true });
  return file;
}
