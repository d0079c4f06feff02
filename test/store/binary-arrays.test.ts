import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import pg from "pg";
import { encodeArrays } from "#src/store/binary-arrays.ts";
import { columns } from "#src/store/sql/columns.ts";
import { createTestStore, type TestStore } from "../support/database.ts";

let database: TestStore;
beforeAll(async () => {
  database = await createTestStore();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const instant = fc.date({ min: new Date("1970-01-01"), max: new Date("2200-01-01"), noInvalidDate: true });
const VALUES: Record<string, fc.Arbitrary<unknown>> = {
  bytea: fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
  text: fc.oneof(
    fc.constantFrom("", "a\\b", '"', "NULL", "ä{}", "👩🏽‍⚕️"),
    fc.string({ unit: "grapheme" }).map((s) => s.replaceAll("\0", "")),
  ),
  uuid: fc.uuid(),
  bigint: fc.maxSafeInteger(),
  int: fc.integer(),
  bool: fc.boolean(),
  timestamptz: instant,
  jsonb: fc.json({ noUnicodeString: true }).map((json) => JSON.stringify({ json: json.replaceAll("\\u0000", "") })),
};

describe("arrays arrive in PostgreSQL as they are, with their nulls and in their order:", () => {
  test.each(Object.keys(VALUES))("%s", async (type) => {
    const element = VALUES[type];
    if (!element) throw new Error("no values");
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(element), { minLength: 1 }), async (sent) => {
        const text = `SELECT value FROM unnest($1::${type}[]) WITH ORDINALITY AS row (value, n) ORDER BY n`;
        expect(Buffer.isBuffer(encodeArrays(text, [sent])[0])).toBe(true);
        const { rows } = await database.store.query<{ value: unknown }>(text, [sent]);
        const arrived = rows.map(({ value }) => (type === "jsonb" && value !== null ? JSON.stringify(value) : value));
        expect(arrived).toEqual(sent);
      }),
    );
  });
});

test("an instant is the same as text and as a date", async () => {
  const at = "2026-11-24T10:20:30.456Z";
  const { rows } = await database.store.query<{ at: Date }>("SELECT unnest($1::timestamptz[]) AS at", [
    [at, new Date(at)],
  ]);
  expect(rows.map((row) => row.at.toISOString())).toEqual([at, at]);
});

test("rows become one array per column", async () => {
  const sent = [
    { sealed: Buffer.from([0, 255]), text: "a" },
    { sealed: null, text: null },
  ];
  const { rows } = await database.store.query(
    "SELECT sealed, text FROM unnest($1::bytea[], $2::text[]) AS row (sealed, text)",
    columns(sent, ["sealed", "text"]),
  );
  expect(rows).toEqual(sent);
});

test.each(["2026-02-30T10:00:00.000Z", "2026-13-01T10:00:00.000Z", "2026-01-01T25:00:00.000Z"])(
  "%s is refused, and not taken for another instant",
  async (at) => {
    await expect(database.store.query("SELECT unnest($1::timestamptz[])", [[at]])).rejects.toThrow();
  },
);

test("what does not fit its type is left for PostgreSQL to judge", async () => {
  await expect(database.store.query("SELECT unnest($1::uuid[])", [["not an id"]])).rejects.toThrow();
  const { rows } = await database.store.query<{ at: Date }>("SELECT unnest($1::timestamptz[]) AS at", [
    ["2026-01-01 12:00+01"],
  ]);
  expect(rows.map((row) => row.at.toISOString())).toEqual(["2026-01-01T11:00:00.000Z"]);
});

test("an array without elements, and one of another type, arrive as well", async () => {
  const { rows } = await database.store.query("SELECT cardinality($1::bytea[]) AS none, $2::float8[] AS numbers", [
    [],
    [1.5, 2],
  ]);
  expect(rows).toEqual([{ none: 0, numbers: [1.5, 2] }]);
});

test("a connection that knows nothing of it takes the same bytes", async () => {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const text = "SELECT $1::text[] AS words, $2::int AS number";
  const { rows } = await client.query(text, encodeArrays(text, [["a", null, "b"], 7]));
  await client.end();
  expect(rows).toEqual([{ words: ["a", null, "b"], number: 7 }]);
});
