import { expect, it } from "@jest/globals";
import { verifyJournal } from "#src/audit/verify.ts";
import { freePort } from "#src/demo/free-port.ts";
import { openWorld } from "#src/demo/world.ts";
import { startEngine, type Engine } from "#src/engine/start.ts";
import { readSettings } from "#src/engine/settings.ts";
import { journalEntries } from "#src/store/sql/journal.ts";
import { createTestStore } from "../support/database.ts";

const ENGINES = 4;

it("several engines start and stop on one database at the same moment, and the journal has all of it", async () => {
  await using database = await createTestStore();
  const world = await openWorld("P1D", 0);
  const said: string[] = [];
  const start = async (): Promise<Engine> => {
    const env = { ...world.env, BOTENSTOFF_HTTP_PORT: "0", DATABASE_URL: database.url };
    const settings = readSettings({ ...env, ADT_MLLP_PORT: String(await freePort("127.0.0.1")) });
    return startEngine(settings, (level, event) => {
      if (level !== "info" && event !== "store.setting") said.push(event);
    });
  };
  const engines = await Promise.all(Array.from({ length: ENGINES }, start));
  await Promise.all(engines.map((engine) => engine.stop()));
  await world.close();

  const actions: string[] = [];
  for await (const { action } of journalEntries(database.store)) actions.push(action);
  expect(said).toEqual([]);
  expect(actions.filter((action) => action === "engine.started")).toHaveLength(ENGINES);
  expect(actions.filter((action) => action === "engine.stopped")).toHaveLength(ENGINES);
  expect(await verifyJournal(journalEntries(database.store))).toMatchObject({ ok: true, entries: actions.length });
});
