import { expect, test } from "@jest/globals";
import { createTestStore } from "../support/database.ts";

const OWN = "SELECT pg_backend_pid() AS pid";

test("a connection that dies inside a transaction fails that transaction, and the next one works", async () => {
  await using database = await createTestStore();
  const { store } = database;
  const broken = store.transaction(async (db) => {
    const { rows } = await db.query<{ pid: number }>(OWN);
    await store.query("SELECT pg_terminate_backend($1)", [rows[0]?.pid]);
    // The client learns of it while no statement of its own is under way.
    await new Promise((resolve) => setTimeout(resolve, 200));
    await db.query(OWN);
  });
  await expect(broken).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  expect((await store.transaction((db) => db.query<{ pid: number }>(OWN))).rows).toHaveLength(1);
});

test("a transaction whose failed statement nobody waited for is not taken for committed", async () => {
  await using database = await createTestStore();
  const { store } = database;
  const broken = store.transaction(async (db) => {
    await db.query("CREATE TABLE kept (n int)");
    void db.query("SELECT 1 / 0").catch(() => undefined);
    return "done";
  });
  await expect(broken).rejects.toMatchObject({ code: "22012" });
  const { rows } = await store.query<{ found: string | null }>("SELECT to_regclass('kept') AS found");
  expect(rows[0]?.found).toBeNull();
});
