import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { open, statfs } from "node:fs/promises";
import { join } from "node:path";

/** A disk of its own for the engines' data, so that it can be filled without harm. */
export interface SmallDisk {
  /** Leaves less room than the engine's watermark. @returns how to make room again; nothing without a disk */
  fill(): Promise<(() => Promise<void>) | undefined>;
  unmount(): void;
}

const SIZE = "400m";
const LEFT_BYTES = 32 * 1024 * 1024;
const MIB = Buffer.alloc(1024 * 1024);

/** Mounts a file system in memory over the directory; without the right to mount, the directory stays as it is. */
export function mountSmallDisk(directory: string): SmallDisk {
  mkdirSync(directory, { recursive: true });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${SIZE},mode=0755`, "botenstoff", directory], {
      stdio: "ignore",
    });
  } catch {
    return { fill: () => Promise.resolve(undefined), unmount: () => undefined };
  }
  const ballast = join(directory, "ballast");
  return {
    fill: async () => {
      const { bavail, bsize } = await statfs(directory);
      const file = await open(ballast, "w");
      for (let left = bavail * bsize - LEFT_BYTES; left > 0; left -= MIB.length) await file.write(MIB);
      await file.close();
      return () => {
        rmSync(ballast, { force: true });
        return Promise.resolve();
      };
    },
    unmount: () => execFileSync("umount", ["-l", directory], { stdio: "ignore" }),
  };
}
