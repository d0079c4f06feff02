import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

const BUILT_WITHIN_MS = 200_000;

/** A package of a later version, made of the one that is tested. */
interface Later {
  readonly version: string;
  /** What its one migration more does. */
  readonly sql: string;
  readonly migration: string;
}

/** Adds only; cannot be made; takes something away. */
const LATER = {
  next: { version: "999.1.0", migration: "Next9990000000001", sql: 'ALTER TABLE "message" ADD COLUMN "later" text' },
  broken: { version: "999.2.0", migration: "Broken9990000000002", sql: "SELECT 1 / (SELECT count(*) FROM nowhere)" },
  contract: {
    version: "999.3.0",
    migration: "Contract9990000000003",
    sql: 'ALTER TABLE "message" DROP COLUMN "later"',
  },
} as const satisfies Record<string, Later>;

export type Packages = Readonly<
  Record<"first" | keyof typeof LATER, { readonly file: string; readonly version: string }>
>;

/**
 * Builds the package, and three that would come after it.
 * @param given a package of an earlier version to begin with, instead of this one
 */
export async function buildPackages(home: string, given?: string): Promise<Packages> {
  const out = join(home, "packages");
  const built = join(home, "dist");
  execFileSync(process.execPath, ["docker/package/run.ts", "deb", "--out", built], {
    stdio: ["ignore", "ignore", "inherit"],
    timeout: BUILT_WITHIN_MS,
  });
  const [name = ""] = (await readdir(built)).filter((file) => file.endsWith(".deb"));
  await mkdir(out, { recursive: true });
  const tree = join(home, "tree");
  execFileSync("dpkg-deb", ["-R", join(built, name), tree]);
  const made: Record<string, { file: string; version: string }> = {};
  const first = given ?? join(built, name);
  execFileSync("cp", [first, join(out, "first.deb")]);
  made["first"] = { file: "/packages/first.deb", version: field(first, "Version") };
  const index = join(tree, "usr/lib/botenstoff/src/store/schema/migrations/index.ts");
  const kept = await readFile(index, "utf8");
  let migrations = kept;
  for (const [key, later] of Object.entries(LATER)) {
    const text = withMigration(migrations, later);
    await writeFile(index, text);
    // The one that cannot be made is in no later version.
    if (key !== "broken") migrations = text;
    await writeFile(join(index, "..", `${later.migration}.ts`), migrationText(later));
    await setVersion(tree, later.version);
    // Not packed: it is thrown away in a minute.
    execFileSync("dpkg-deb", ["--root-owner-group", "-Znone", "-b", tree, join(out, `${key}.deb`)], {
      stdio: "ignore",
    });
    made[key] = { file: `/packages/${key}.deb`, version: later.version };
  }
  await rm(tree, { recursive: true });
  return made as Packages;
}

function field(file: string, name: string): string {
  return execFileSync("dpkg-deb", ["-f", file, name], { encoding: "utf8" }).trim();
}

function withMigration(index: string, { migration }: Later): string {
  return `import { ${migration} } from "./${migration}.ts";\n${index.replace(/\n\];/, `\n  ${migration},\n];`)}`;
}

function migrationText({ migration, sql }: Later): string {
  return `export class ${migration} {
  name = "${migration}";
  async up(db) { await db.query(${JSON.stringify(sql)}); }
  async down() {}
}
`;
}

async function setVersion(tree: string, version: string): Promise<void> {
  const change = async (file: string, from: RegExp, to: string) =>
    writeFile(join(tree, file), (await readFile(join(tree, file), "utf8")).replace(from, to));
  await change("DEBIAN/control", /^Version: .*$/m, `Version: ${version}`);
  await change("usr/lib/botenstoff/package.json", /"version": "[^"]*"/, `"version": "${version}"`);
}
