import { listAccessTokens } from "#src/store/sql/access-tokens.ts";
import { listAlerts } from "#src/store/sql/alerts.ts";
import { listBreakGlass } from "#src/store/sql/break-glass.ts";
import { breakersNow, listEngines } from "#src/store/sql/engines.ts";
import { oldestUnfiled, stageBacklogs } from "#src/store/sql/messages.ts";
import { directoryIsEmpty, oldestUnconfirmed } from "#src/store/sql/waits.ts";
import type { Queryable } from "#src/store/queryable.ts";
import { engineVersion } from "../commands/version.ts";
import { fail, note, ok, warn, type Finding, type Situation } from "./finding.ts";

/** As the alerts have them. */
const WAITS_LONG_MS = 300_000;
const UNCONFIRMED_MS = 3_600_000;
const UNFILED_MS = 86_400_000;
const SOON_MS = 14 * 86_400_000;
const ALIVE_S = 10;
const MOST_ALERTS = 10;

/** What waits, stands and is open in the database: counts, ages, ids of channels and destinations. */
export async function examineWork(db: Queryable, { now, running }: Situation): Promise<Finding[]> {
  const at = now();
  return [
    ...(await lanes(db, at)),
    ...(await alerts(db)),
    ...(await engines(db, running)),
    ...(await credentials(db, at)),
    ...((await directoryIsEmpty(db))
      ? [warn("directory", "no patient is known", "Have the KIS send its ADT messages, or set a look-up.")]
      : []),
  ];
}

async function lanes(db: Queryable, now: number): Promise<Finding[]> {
  const findings: Finding[] = [];
  let waiting = 0;
  for (const { channel, stage, parked, oldest, lanes: open } of await stageBacklogs(db)) {
    waiting += open;
    const age = oldest ? now - oldest.getTime() : 0;
    const where = `${channel} → ${stage}`;
    if (parked > 0) {
      findings.push(
        warn("lanes", `${where}: ${parked} stand still`, "Read the message at their head, correct, reprocess or skip."),
      );
    }
    if (age > WAITS_LONG_MS) {
      findings.push(
        warn("lanes", `${where}: the oldest waits for ${lasting(age)}`, "docs/operating.md, What can wait."),
      );
    }
  }
  for (const { channel, destination, oldest } of await oldestUnconfirmed(db)) {
    const age = now - oldest.getTime();
    if (age > UNCONFIRMED_MS) {
      const text = `${channel} → ${destination}: accepted ${lasting(age)} ago and not shown`;
      findings.push(warn("lanes", text, "Compare the receipt's ids with the KIS."));
    }
  }
  const unfiled = await oldestUnfiled(db);
  const age = unfiled ? now - unfiled.getTime() : 0;
  if (age > UNFILED_MS) {
    findings.push(warn("lanes", `the oldest unfiled message is ${lasting(age)} old`, "Decide what is held or failed."));
  }
  return findings.length > 0 ? findings : [ok("lanes", `${waiting} conversations at work, none stands`)];
}

async function alerts(db: Queryable): Promise<Finding[]> {
  const open = (await listAlerts(db, MOST_ALERTS)).filter(({ closedAt }) => closedAt === null);
  const findings = open.map(({ rule, subject, openedAt }) => {
    const text = `${rule}${subject === "" ? "" : ` (${subject})`} open since ${openedAt.toISOString()}`;
    return warn("alerts", text, "What to do stands with the rule in config/alerts.yaml.");
  });
  return findings.length > 0 ? findings : [ok("alerts", "none is open")];
}

async function engines(db: Queryable, running: boolean): Promise<Finding[]> {
  const version = await engineVersion();
  const alive = (await listEngines(db)).filter(({ silentS }) => silentS < ALIVE_S);
  const others = [...new Set(alive.map(({ report }) => report.version))].filter((one) => one !== version);
  const findings: Finding[] = [];
  if (others.length > 0) findings.push(note("engines", `this is ${version}, and ${others.join(", ")} runs as well`));
  if (alive.some(({ report }) => !report.accepts)) {
    findings.push(fail("engines", "one has too little disk left and takes nothing", "Free space on its volume."));
  }
  for (const { channel, stage, failures } of await breakersNow(db)) {
    const text = `${channel} → ${stage} has not answered ${failures} times in a row`;
    findings.push(warn("destinations", text, "Read the code of destination.down in the log; it goes on by itself."));
  }
  if (alive.length > 0) findings.push(ok("engines", `${alive.length} at work`));
  else if (running) {
    const remedy =
      "Ask again in a few seconds, if it has just started; else it uses another one: compare DATABASE_URL.";
    findings.push(warn("engines", "one answers here, and none has told of itself in this database", remedy));
  }
  return findings;
}

async function credentials(db: Queryable, now: number): Promise<Finding[]> {
  const ending = (await listAccessTokens(db)).filter(
    ({ expiresAt, revokedAt }) => revokedAt === null && expiresAt !== null && expiresAt.getTime() < now + SOON_MS,
  );
  const open = await listBreakGlass(db, new Date(now));
  return [
    ...ending.map(({ name, expiresAt }) => {
      const text = `the machine token ${name} ends at ${expiresAt?.toISOString() ?? ""}`;
      return warn("access", text, "Make another one: `botenstoff access token create`; then revoke it.");
    }),
    ...(open.length > 0
      ? [warn("access", `${open.length} break-glass accounts are open`, "Close them: `botenstoff access break-glass`.")]
      : []),
  ];
}

/** "3 min", "5 h", "2 days". */
function lasting(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
