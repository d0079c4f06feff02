import { randomUUID } from "node:crypto";
import pg from "pg";
import { openStore, type Store } from "#src/store/data-source.ts";
import { TEMPLATE } from "./global-setup.ts";

export interface TestStore extends AsyncDisposable {
  readonly store: Store;
  readonly url: string;
}

/** A database of its own, cloned from the migrated template; dropped at the end, which fails while anyone is connected. */
export async function createTestStore(): Promise<TestStore> {
  const server = process.env["TEST_SERVER_URL"] ?? "";
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await onServer(server, `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
  const url = new URL(server);
  url.pathname = name;
  const store = await openStore(url.href);
  return {
    store,
    url: url.href,
    [Symbol.asyncDispose]: async () => {
      await store.close();
      await onServer(server, `DROP DATABASE ${name}`);
    },
  };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // Two workers that clone at the same moment disturb each other.
    await client.query("SELECT pg_advisory_lock(1)");
    await client.query(statement);
  } finally {
    await client.end();
  }
}
