import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import { columns } from "#src/store/sql/columns.ts";
import { createTestStore, type TestStore } from "../support/database.ts";

let database: TestStore;
beforeAll(async () => {
  database = await createTestStore();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const bytes = fc.option(fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)));

test("any bytes and nulls arrive in PostgreSQL as they are, in their order", async () => {
  const rows = fc.array(fc.record({ sealed: bytes, text: fc.option(fc.constantFrom("", "a\\b", '"', "NULL", "ä{}")) }));
  await fc.assert(
    fc.asyncProperty(rows, async (sent) => {
      const { rows: arrived } = await database.store.query(
        "SELECT sealed, text FROM unnest($1::bytea[], $2::text[]) WITH ORDINALITY AS row (sealed, text, n) ORDER BY n",
        columns(sent, ["sealed", "text"]),
      );
      expect(arrived).toEqual(sent);
    }),
  );
});
