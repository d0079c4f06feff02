import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Fault } from "./faults.ts";
import type { Random } from "./random.ts";
import type { Setting } from "./setting.ts";

const JUMPS_SECONDS = [-3_600, -5, 4, 60, 3_600, 86_400];
/** An engine's clock is read from HTTP's Date header: whole seconds, and written anew once a second. */
const ROUGHLY_SECONDS = 2.5;
const ATTEMPTS = 60;
const MISSING = "libfaketime is not installed";

/** Faults of clocks that engines and PostgreSQL read from the system, and whose monotonic clocks go on as ever. */
export const CLOCK_FAULTS: readonly Fault[] = [
  {
    name: "the clock of the machine jumps",
    needs: "clocks",
    inject: (setting, random, tell) => jump(setting, random, tell, "the machine", true),
  },
  {
    name: "the clock of the database jumps",
    needs: "clocks",
    inject: (setting, random, tell) => jump(setting, random, tell, "PostgreSQL", false),
  },
];

async function jump(
  setting: Setting,
  random: Random,
  tell: (what: string) => void,
  whose: string,
  engines: boolean,
): Promise<void> {
  const seconds = random.pick(JUMPS_SECONDS);
  if (!setClocks(setting, engines ? seconds : 0, seconds)) return;
  tell(`the clock of ${whose} jumps by ${seconds} s`);
  await expectClocks(setting, engines ? seconds : 0, seconds);
  const repair = await random.pick([nothing, kisAway, engineKilled, postgresKilled])(setting, random, tell);
  await sleep(random.int(500, 2_500));
  setClocks(setting, 0, 0);
  tell(`the clock of ${whose} is right again`);
  await expectClocks(setting, 0, 0);
  await repair();
}

/** What leaves lanes waiting, or leased by nobody, by the clock as it jumped. @returns repairs it */
type Trouble = (setting: Setting, random: Random, tell: (what: string) => void) => Promise<() => Promise<void>>;

const nothing: Trouble = () => Promise.resolve(() => Promise.resolve());

const kisAway: Trouble = (setting, _random, tell) => {
  const ways = [setting.network.fhir, setting.network.mllp];
  for (const way of ways) way.set({ kind: "down" });
  tell("the KIS is away");
  return Promise.resolve(() => {
    for (const way of ways) way.set({ kind: "fair" });
    tell("the KIS is there again");
    return Promise.resolve();
  });
};

const engineKilled: Trouble = async (setting, random, tell) => {
  const alive = setting.engines.filter(({ process }) => process);
  if (alive.length === 0) return () => Promise.resolve();
  const slot = random.pick(alive);
  await setting.end(slot, "SIGKILL");
  tell(`${slot.name} is killed`);
  return () => setting.start(slot);
};

const postgresKilled: Trouble = async (setting, _random, tell) => {
  await setting.killPostgres();
  tell("PostgreSQL is killed");
  return () => setting.reachPostgres();
};

function setClocks({ clocks, notPlayed }: Setting, engines: number, database: number): boolean {
  if (!clocks) notPlayed.add(MISSING);
  clocks?.engines.set(engines);
  clocks?.database.set(database);
  return clocks !== undefined;
}

/** A fault that does nothing would prove nothing: waits until everybody goes by the clock as it was set. */
async function expectClocks(setting: Setting, engines: number, database: number): Promise<void> {
  await expectClock("PostgreSQL", database, () => clockOfPostgres(setting.databaseUrl));
  for (const { name, port, process } of setting.engines) {
    if (process) await expectClock(name, engines, () => clockOfEngine(port));
  }
}

async function expectClock(who: string, wanted: number, read: () => Promise<number>): Promise<void> {
  let off = Number.NaN;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    // It may be on its way up again.
    off = ((await read().catch(() => Number.NaN)) - Date.now()) / 1_000;
    if (Math.abs(off - wanted) < ROUGHLY_SECONDS) return;
    await sleep(250);
  }
  throw new Error(`the clock of ${who} is off by ${off} s, not by the ${wanted} s it was set to`);
}

async function clockOfPostgres(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ now: Date }>("SELECT clock_timestamp() AS now");
    return rows[0]?.now.getTime() ?? Number.NaN;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function clockOfEngine(port: number): Promise<number> {
  const { headers } = await fetch(`http://127.0.0.1:${port}/healthz`);
  return Date.parse(headers.get("date") ?? "");
}
