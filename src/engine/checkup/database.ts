import { BotenstoffError, kindOfError } from "#src/message/error-code.ts";
import { isLoopback } from "#src/message/loopback.ts";
import { inspectDatabase, type Inspection } from "#src/store/inspect.ts";
import { CONTRACTS } from "#src/store/schema/migrations/versions.ts";
import { findBinaries } from "#src/store/server/binaries.ts";
import { findEmbedded } from "#src/store/server/server.ts";
import { join } from "node:path";
import { fail, note, ok, warn, type Finding, type Situation } from "./finding.ts";
import { examineWork } from "./work.ts";

const CHECK = "database";
const LEAST_VERSION = 150_000;
/** One engine's. */
const NEEDED_CONNECTIONS = 20;
const CLOCKS_APART_MS = 2_000;
/** Where purging waits for somebody (docs/operating.md, Clocks). */
const CLOCKS_FAR_APART_MS = 60_000;

/** What PostgreSQL says, in an administrator's words. */
const REASONS: Readonly<Record<string, readonly [text: string, remedy: string]>> = {
  "28P01": ["the password is refused", "Correct the password in DATABASE_URL."],
  "28000": ["this user may not connect", "Let it in by pg_hba.conf, or correct the user in DATABASE_URL."],
  "3D000": ["there is no such database", "`createdb` it, owned by the user of DATABASE_URL."],
  "53300": ["it has no connection left", "Raise max_connections; an engine takes 16."],
  ENOTFOUND: ["its host has no address", "Correct the host in DATABASE_URL, or DNS."],
  ECONNREFUSED: ["nothing listens there", "Start PostgreSQL; correct host and port in DATABASE_URL."],
};

/** The database: reachable, new enough, migrated, of the same time; then the work that stands in it. */
export async function examineDatabase(situation: Situation): Promise<Finding[]> {
  const { settings, withinMs } = situation;
  const embedded = { directory: join(settings.dataDir, "postgres") };
  const url = settings.databaseUrl ?? (await findEmbedded(embedded).catch(() => undefined));
  if (url === undefined) return [await embeddedWaits(situation)];
  try {
    const inspection = await inspectDatabase(url, withinMs, (db) => examineWork(db, situation));
    return [...describe(inspection, situation, new URL(url).hostname), ...(inspection.seen ?? [])];
  } catch (error) {
    const cause = error instanceof BotenstoffError && error.cause !== undefined ? error.cause : error;
    const kind = kindOfError(cause);
    const [text, remedy] = REASONS[kind] ?? ["it does not answer", "Check PostgreSQL and the way to it."];
    return [fail(CHECK, `${text} (${kind})`, remedy)];
  }
}

async function embeddedWaits({ running }: Situation): Promise<Finding> {
  if (running) return fail(CHECK, "the engine runs and its own PostgreSQL does not", "Read server.log beside it.");
  return findBinaries().then(
    () => note(CHECK, "the embedded PostgreSQL is installed, and starts with the engine"),
    () => fail(CHECK, "no PostgreSQL comes with this package, and DATABASE_URL is not set", "Set DATABASE_URL."),
  );
}

function describe(found: Inspection, { now, settings }: Situation, host: string): Finding[] {
  const findings: Finding[] = [];
  if (found.versionNumber < LEAST_VERSION) {
    findings.push(fail(CHECK, `PostgreSQL ${found.version} is too old`, "Update it to 15 or newer."));
  } else findings.push(ok(CHECK, `PostgreSQL ${found.version}`));
  if (!found.used && !found.mayCreate) {
    findings.push(
      fail(CHECK, "its user may not make tables", "Let it own the database, or GRANT CREATE on the schema."),
    );
  }
  if (found.ahead.some((name) => name.startsWith(CONTRACTS))) {
    findings.push(fail(CHECK, "a newer version has changed it", "Start that version again (docs/upgrade.md)."));
  } else if (found.ahead.length > 0) {
    findings.push(warn(CHECK, "a newer version has prepared it", "Finish the update (docs/upgrade.md)."));
  }
  if (found.pending.length > 0) {
    findings.push(note(CHECK, `${found.pending.length} migrations run at the next start`));
  }
  if (found.connections.most - found.connections.open < NEEDED_CONNECTIONS) {
    const text = `${found.connections.open} of ${found.connections.most} connections are taken`;
    findings.push(warn(CHECK, text, "Raise max_connections; an engine takes 16."));
  }
  if (!found.encrypted && !isLoopback(host)) {
    findings.push(warn(CHECK, "the connection to it is not encrypted", "Add sslmode=verify-full to DATABASE_URL."));
  }
  findings.push(clocks(found));
  if (settings.databaseUrl !== undefined) findings.push(...archive(found, now()));
  return findings;
}

function clocks({ clockAheadMs, clockErrorMs }: Inspection): Finding {
  const apart = Math.max(0, Math.abs(clockAheadMs) - clockErrorMs);
  const text = `the database's is ${Math.abs(clockAheadMs)} ms ${clockAheadMs < 0 ? "behind" : "ahead"}`;
  const remedy = "Check time synchronisation (chrony, systemd-timesyncd) on both machines.";
  if (apart > CLOCKS_FAR_APART_MS) return fail("clocks", `${text}: purging waits`, remedy);
  return apart > CLOCKS_APART_MS ? warn("clocks", text, remedy) : ok("clocks", text);
}

const ARCHIVED_AGO_MS = 3_600_000;

function archive({ archivedAt }: Inspection, now: number): Finding[] {
  if (!archivedAt) return [];
  const text = `PostgreSQL archived last at ${archivedAt.toISOString()}`;
  return now - archivedAt.getTime() > ARCHIVED_AGO_MS
    ? [warn("backup", text, "See whether archive_command works: pg_stat_archiver.")]
    : [ok("backup", text)];
}
