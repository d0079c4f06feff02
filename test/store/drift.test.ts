import { expect, test } from "@jest/globals";
import { createDataSource } from "#src/store/data-source.ts";
import { createTestStore } from "../support/database.ts";

async function pendingChanges(url: string): Promise<string[]> {
  const db = await createDataSource(url).initialize();
  try {
    const { upQueries } = await db.driver.createSchemaBuilder().log();
    return upQueries.map(({ query }) => query);
  } finally {
    await db.destroy();
  }
}

test("the entities describe the migrated schema exactly", async () => {
  await using database = await createTestStore();
  expect(await pendingChanges(database.url)).toEqual([]);
});

test("the guard sees a column, an index and a default that drifted, in a partitioned table too", async () => {
  await using database = await createTestStore();
  await database.store.query(`ALTER TABLE message ADD COLUMN extra text`);
  await database.store.query(`DROP INDEX delivery_to_confirm`);
  await database.store.query(`ALTER TABLE lane ALTER COLUMN failures SET DEFAULT 1`);
  const changes = (await pendingChanges(database.url)).join("\n");
  expect(changes).toMatch(/"message" DROP COLUMN "extra"/);
  expect(changes).toMatch(/CREATE INDEX "delivery_to_confirm"/);
  expect(changes).toMatch(/"lane" ALTER COLUMN "failures" SET DEFAULT/);
});

test("the migrations run down to nothing and up again", async () => {
  await using database = await createTestStore();
  const db = await createDataSource(database.url).initialize();
  try {
    while (await database.store.query("SELECT FROM migration").then(({ rowCount }) => rowCount)) {
      await db.undoLastMigration({ transaction: "all" });
    }
    const left = await database.store.query(`SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
      AND relkind IN ('r', 'p', 'S') AND relname NOT LIKE 'migration%'`);
    expect(left.rows).toEqual([]);
    await db.runMigrations({ transaction: "all" });
  } finally {
    await db.destroy();
  }
  expect(await pendingChanges(database.url)).toEqual([]);
});
