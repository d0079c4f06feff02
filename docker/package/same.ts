import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** Packages the committed state twice, from clones in two folders of different names, and compares the checksums. */
const kinds = process.argv.slice(2);
const home = mkdtempSync(join(tmpdir(), "botenstoff-same-"));
try {
  const [one = "", two = ""] = ["one", "another/of/a/longer/name"].map((name) => checksums(join(home, name)));
  process.stdout.write(one === two ? `the same bytes twice:\n${one}` : `DIFFERENT\n${one}---\n${two}`);
  process.exitCode = one === two && one !== "" ? 0 : 1;
} finally {
  rmSync(home, { recursive: true, force: true });
}

function checksums(clone: string): string {
  mkdirSync(clone, { recursive: true });
  execFileSync("git", ["clone", "--quiet", "--no-hardlinks", ".", clone]);
  // Only to compile the pages; what is shipped is installed anew.
  symlinkSync(resolve("node_modules"), join(clone, "node_modules"));
  const words = [join("docker", "package", "run.ts"), ...(kinds.length > 0 ? kinds : ["tar", "deb"])];
  execFileSync(process.execPath, words, { cwd: clone, stdio: ["ignore", "ignore", "inherit"] });
  return readFileSync(join(clone, "dist", "SHA256SUMS"), "utf8");
}
