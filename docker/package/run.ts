import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildDeb } from "./deb.ts";
import { buildImage } from "./image.ts";
import { collectLicences } from "./licences.ts";
import { describeParts } from "./sbom.ts";
import { signFiles, sumFiles } from "./sign.ts";
import { stageEngine } from "./stage.ts";
import { buildTar } from "./tar.ts";
import { readRelease } from "./release.ts";

const USAGE = `npm run package [-- tar deb image] [--out <folder>]

Makes the packages named, or all of them, with SBOM, licences, checksums and, where BOTENSTOFF_RELEASE_KEY_FILE names an
Ed25519 key in PEM, a signature. From the same commit the same bytes come out. An image needs buildah.
`;

const BUILDERS = { tar: buildTar, deb: buildDeb, image: buildImage } as const;
type Kind = keyof typeof BUILDERS;

const args = process.argv.slice(2);
if (args.includes("--help")) {
  process.stdout.write(USAGE);
} else {
  process.exitCode = await run(args);
}

async function run(given: readonly string[]): Promise<number> {
  const at = given.indexOf("--out");
  const out = at < 0 ? "dist" : (given[at + 1] ?? "dist");
  const kinds = given.filter((_, index) => at < 0 || (index !== at && index !== at + 1));
  const unknown = kinds.filter((kind) => !(kind in BUILDERS));
  if (unknown.length > 0) {
    process.stderr.write(`package: no package "${unknown.join(", ")}"\n\n${USAGE}`);
    return 2;
  }
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const release = await readRelease();
  const stage = join(out, "stage");
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  say(`staging ${release.name} ${release.version} (${release.commit.slice(0, 12)})`);
  const app = await stageEngine(release, stage);
  const { licences, refused } = await collectLicences(app);
  if (refused.length > 0) {
    process.stderr.write(`package: licences that are not allowed: ${refused.join(", ")}\n`);
    return 1;
  }
  await writeFile(join(app, "THIRD-PARTY-LICENCES.txt"), licences);
  const files = [await describeParts(release, app, out)];
  for (const kind of kinds.length === 0 ? (Object.keys(BUILDERS) as Kind[]) : (kinds as Kind[])) {
    const file = await BUILDERS[kind](release, app, out);
    say(file);
    files.push(file);
  }
  const sums = await sumFiles(files, out);
  say(sums);
  const signature = await signFiles(sums, process.env["BOTENSTOFF_RELEASE_KEY_FILE"]);
  say(signature ?? "not signed: BOTENSTOFF_RELEASE_KEY_FILE names no key");
  await rm(stage, { recursive: true, force: true });
  return 0;
}
