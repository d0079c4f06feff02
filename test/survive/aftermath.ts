import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { ApiClient } from "#src/demo/api-client.ts";
import type { SignedBody } from "#src/simulators/whatsapp-cloud/payload.ts";
import type { Shown, Violation } from "./check.ts";
import type { Fault } from "./faults.ts";
import type { History } from "./history.ts";
import { deliver } from "./load.ts";
import { createRandom } from "./random.ts";
import type { Setting } from "./setting.ts";

/** An epoch, the retention, and time for a purge to look at both. */
const PURGED_WITHIN_MS = 20_000;
const QUIET_MS = 1_000;
const ATTACHMENTS_WITHIN_MS = 60_000;

/**
 * Waits until every chart knows of every attachment what there is to know: what was late is asked for at once, and what never
 * comes is given up, as a person would.
 */
export async function attachmentsOver(setting: Setting, api: ApiClient, { sent }: History): Promise<void> {
  const client = new pg.Client({ connectionString: setting.databaseUrl });
  await client.connect();
  try {
    const deadline = performance.now() + ATTACHMENTS_WITHIN_MS;
    for (;;) {
      const { rows } = await client.query<{ id: string; state: string }>(
        "SELECT DISTINCT message_id AS id, state FROM attachment_wait",
      );
      if (rows.length === 0 && !(await isSending(client))) return;
      if (performance.now() > deadline) throw new Error(`${rows.length} attachments are still waited for`);
      const lost = await Promise.all(sent.filter((one) => one.lost).map(({ wamid }) => api.find(wamid)));
      for (const { id, state } of rows) {
        if (state !== "late") continue;
        if (lost.flat().some((message) => message.id === id)) await api.giveUp(id);
        else await api.reprocess(id);
      }
      await sleep(500);
    }
  } finally {
    await client.end();
  }
}

/** An addendum is on its way when nothing is waited for any more. */
async function isSending(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ sending: boolean }>(
    `SELECT EXISTS (SELECT FROM delivery WHERE state IN ('queued', 'sending', 'retrying')
       OR state = 'accepted' AND confirm_at IS NOT NULL) AS sending`,
  );
  return rows[0]?.sending ?? false;
}

/** What is filed goes in time (I4), and stays gone when every webhook comes once more (I2). */
export async function overAndDone(
  setting: Setting,
  api: ApiClient,
  shown: Shown,
  bodies: readonly SignedBody[],
  faults: readonly Fault[],
): Promise<Violation[]> {
  // What was filed while a clock was ahead is kept for longer by as much (docs/reliability.md).
  const clocksJumped = faults.some(({ name }) => name.includes("clock"));
  return [
    ...(clocksJumped ? [] : await stillThere(setting, shown)),
    ...(await comesAgain(setting, api, shown, bodies)),
  ];
}

async function stillThere({ purges }: Setting, shown: Shown): Promise<Violation[]> {
  const deadline = performance.now() + PURGED_WITHIN_MS;
  for (;;) {
    const late = [...shown].filter(
      ([, [message]]) => message && ["filed", "purged"].includes(message.state) && !purges.seen.has(message.id),
    );
    if (late.length === 0) return [];
    if (performance.now() > deadline) {
      const what = `I4: ${late.length} filed messages were not purged within ${PURGED_WITHIN_MS / 1_000} s`;
      return [{ what, messages: late.map(([wamid]) => wamid) }];
    }
    await sleep(200);
  }
}

async function comesAgain(
  setting: Setting,
  api: ApiClient,
  shown: Shown,
  bodies: readonly SignedBody[],
): Promise<Violation[]> {
  const { fhir, mllp } = setting.world;
  const arrived = () => fhir.requests.filter(({ method }) => method === "POST").length + mllp.received.length;
  const before = arrived();
  const random = createRandom(1);
  for (const body of bodies) await deliver(setting, body, random);
  await sleep(QUIET_MS);
  const again = arrived() - before;
  const twice: string[] = [];
  for (const [wamid] of shown) if ((await api.find(wamid)).length !== 1) twice.push(wamid);
  return [
    ...(again === 0 ? [] : [{ what: `I2: replayed webhooks were sent ${again} times more`, messages: [] }]),
    ...(twice.length === 0 ? [] : [{ what: "I2: a replayed webhook made a message anew", messages: twice }]),
  ];
}
