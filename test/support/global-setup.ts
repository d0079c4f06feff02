import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { openStore } from "#src/store/data-source.ts";
import { startEmbedded, type EmbeddedServer } from "#src/store/server/server.ts";

declare global {
  var testServer: { server: EmbeddedServer | undefined; directory: string } | undefined;
}

/** Name of the migrated database every test file clones. */
export const TEMPLATE = "botenstoff_template";

/** One real PostgreSQL for the whole run: the embedded one, or the one TEST_DATABASE_URL names. */
export default async function globalSetup(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "botenstoff-test-"));
  const given = process.env["TEST_DATABASE_URL"];
  // Tests lose nothing when the machine dies: without fsync a run takes half the time.
  const server = given
    ? undefined
    : await startEmbedded({ directory: join(directory, "postgres"), settings: { fsync: "off" } });
  globalThis.testServer = { server, directory };
  const url = given ?? server?.url ?? "";
  process.env["TEST_SERVER_URL"] = url;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`DROP DATABASE IF EXISTS ${TEMPLATE}`);
  await client.query(`CREATE DATABASE ${TEMPLATE}`);
  await client.end();
  const template = new URL(url);
  template.pathname = TEMPLATE;
  await (await openStore(template.href)).close();
}
