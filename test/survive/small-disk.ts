import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { open, statfs } from "node:fs/promises";
import { join } from "node:path";

/** A disk of its own for a directory, so that it can be filled without harm. */
export interface SmallDisk {
  /** Leaves so much room, in bytes. @returns makes room again */
  fill(leftBytes: number): Promise<() => void>;
  unmount(): void;
}

const MIB = Buffer.alloc(1024 * 1024);
const PAGE = MIB.subarray(0, 4096);

/** Mounts a file system in memory over the directory; nothing without the right to mount: the directory stays as it is. */
export function mountSmallDisk(directory: string, sizeMb: number): SmallDisk | undefined {
  mkdirSync(directory, { recursive: true });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeMb}m,mode=0755`, "botenstoff", directory], {
      stdio: "ignore",
    });
  } catch {
    return undefined;
  }
  const ballast = join(directory, "ballast");
  return {
    fill: async (leftBytes) => {
      const file = await open(ballast, "w");
      for (;;) {
        const { bavail, bsize } = await statfs(directory);
        const wanted = bavail * bsize - leftBytes;
        if (wanted <= 0) break;
        // What others write meanwhile may take the last of it.
        const full = await file.write(wanted >= MIB.length ? MIB : PAGE).then(
          () => false,
          () => true,
        );
        if (full) break;
      }
      await file.close();
      return () => {
        rmSync(ballast, { force: true });
      };
    },
    unmount: () => execFileSync("umount", ["-l", directory], { stdio: "ignore" }),
  };
}
