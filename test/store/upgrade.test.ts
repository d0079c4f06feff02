import { randomUUID } from "node:crypto";
import { expect, test } from "@jest/globals";
import type { MigrationInterface, QueryRunner } from "typeorm";
import { inspectDatabase } from "#src/store/inspect.ts";
import { openStore } from "#src/store/data-source.ts";
import { MIGRATIONS } from "#src/store/schema/migrations/index.ts";
import { CONTRACTS } from "#src/store/schema/migrations/versions.ts";
import { createTestStore } from "../support/database.ts";

/** What an engine of one version before may still use, or would no longer fill. */
const TAKES_AWAY = [
  /\bDROP (TABLE|COLUMN|CONSTRAINT|SEQUENCE|VIEW|FUNCTION|TYPE)\b/i,
  /\bRENAME\b/i,
  /\bSET NOT NULL\b/i,
  /\bALTER COLUMN\b.*\bTYPE\b/is,
  /\bADD COLUMN\b(?!.*\b(DEFAULT|GENERATED)\b).*\bNOT NULL\b/i,
];
/** Ran before there was a release to go back to. */
const BEFORE_THE_RULE = new Set([
  "DirectoryFacts1764000000000",
  "Withdrawals1764100000000",
  "KeysByMessage1764200000000",
  "SeenByUuid1764300000000",
  "Filings1764410000000",
]);

/** The statements a migration runs; what it asks is answered with nothing. */
async function statementsOf(migration: MigrationInterface): Promise<string[]> {
  const statements: string[] = [];
  const runner: Partial<QueryRunner> = {
    query: (text: string): Promise<never> => {
      statements.push(text);
      return Promise.resolve([] as never);
    },
  };
  await migration.up(runner as QueryRunner);
  return statements;
}

test.each(MIGRATIONS.map((one) => [one.name, one] as const))(
  "%s takes nothing away from the version before, or says so in its name",
  async (name, Migration) => {
    const taken = (await statementsOf(new Migration())).filter((text) => TAKES_AWAY.some((what) => what.test(text)));
    if (name.startsWith(CONTRACTS)) expect(taken).not.toEqual([]);
    else if (BEFORE_THE_RULE.has(name)) expect(taken).not.toEqual([]);
    // Add in this release and take away in the next, or name it Contract…: docs/upgrade.md.
    else expect(taken).toEqual([]);
  },
);

test.each([
  "ALTER TABLE lane RENAME COLUMN a TO b",
  "ALTER TABLE lane ADD COLUMN a integer NOT NULL",
  "DROP TABLE lane",
])("the rule sees what takes away: %s", (text) => {
  expect(TAKES_AWAY.some((what) => what.test(text))).toBe(true);
});

test("adding a column with a default is not taken for taking away", () => {
  const text = "ALTER TABLE lane ADD COLUMN a integer NOT NULL DEFAULT 0";
  expect(TAKES_AWAY.some((what) => what.test(text))).toBe(false);
});

const ran = (name: string) => [Date.now(), `${name}${Date.now()}`];
const RUN = "INSERT INTO migration (timestamp, name) VALUES ($1, $2)";

test("a database that a newer version only added to is opened, and says so", async () => {
  await using database = await createTestStore();
  expect(database.store.ahead).toEqual([]);
  await database.store.query(RUN, ran("Additions"));
  const again = await openStore(database.url);
  expect(again.ahead).toEqual([expect.stringMatching(/^Additions/)]);
  await again.close();
});

test("a database from which a newer version took something away is refused, and nothing in it is changed", async () => {
  await using database = await createTestStore();
  await database.store.query(RUN, ran("ContractOldColumns"));
  await expect(openStore(database.url)).rejects.toMatchObject({
    code: "STORE_NEWER",
    message: expect.stringContaining("ContractOldColumns"),
    remedy: expect.stringContaining("docs/upgrade.md"),
  });
});

test("a look at a database migrates nothing and tells what an engine would do with it", async () => {
  await using database = await createTestStore();
  await database.store.query(RUN, ran("Additions"));
  const looked = await inspectDatabase(database.url, 10_000, async (db) => {
    await expect(db.query(`CREATE TABLE t${randomUUID().slice(0, 8).replaceAll("-", "")} ()`)).rejects.toThrow();
    return "seen";
  });
  expect(looked).toMatchObject({ used: true, pending: [], ahead: [expect.stringMatching(/^Additions/)], seen: "seen" });
  expect(Math.abs(looked.clockAheadMs)).toBeLessThan(looked.clockErrorMs + 1_000);
  const empty = new URL(database.url);
  empty.pathname = "postgres";
  const unused = await inspectDatabase(empty.href, 10_000, () => Promise.resolve("read"));
  expect(unused).toMatchObject({ used: false, mayCreate: true });
  expect(unused.seen).toBeUndefined();
  expect(unused.pending).toHaveLength(MIGRATIONS.length);
});
