import { setTimeout as sleep } from "node:timers/promises";
import { ApiClient, type ShownMessage } from "#src/demo/api-client.ts";
import { check, type Violation } from "./check.ts";
import type { Fault } from "./faults.ts";
import { History, type Sent } from "./history.ts";
import { attachmentsOver, overAndDone } from "./aftermath.ts";
import { admit, converse, PEOPLE, POISONER, PROBE, UNLUCKY } from "./load.ts";
import { activityOf } from "./activity.ts";
import { createRandom, type Random } from "./random.ts";
import { openSetting, type Setting } from "./setting.ts";

export interface RoundResult {
  readonly seed: number;
  readonly engines: number;
  readonly faults: readonly string[];
  /** Why this machine could not play some of them. */
  readonly notPlayed: readonly string[];
  readonly messages: number;
  /** Messages that became visible as failed or held, and went on once a person had them processed again. */
  readonly byHand: number;
  /** Milliseconds from the last repair until a new message was filed. */
  readonly recoveryMs: number;
  readonly violations: readonly Violation[];
  /** The faults, and what happened to the messages a broken promise concerns. */
  readonly story: readonly string[];
  readonly logs: readonly string[];
}

/** At least; they write for as long as anything is broken. */
const PER_PERSON = 6;
const SETTLED_WITHIN_MS = 60_000;
const open = new Set<Promise<Setting>>();

/** Ends everything that rounds have started which nobody waits for any more. */
export async function abandonRounds(): Promise<void> {
  await Promise.all([...open].map(async (opening) => (await opening).close()));
}

/**
 * One round: people write while things break; then everything is repaired, and the promise is checked.
 * @param choice the faults to choose from
 */
export async function playRound(seed: number, choice: readonly Fault[]): Promise<RoundResult> {
  const random = createRandom(seed);
  const history = new History();
  const engines = random.int(1, 3);
  const faults = Array.from({ length: random.int(2, 4) }, () => random.pick(choice));
  const wishes = new Set(faults.map(({ needs }) => needs));
  const opening = openSetting(engines, history, {
    clocks: wishes.has("clocks"),
    databaseDisk: wishes.has("databaseDisk"),
  });
  open.add(opening);
  const setting = await opening;
  try {
    const { byHand, recoveryMs, violations } = await play(setting, history, faults, random).catch((error: unknown) =>
      stuck(setting, error),
    );
    const concerned = new Set(violations.flatMap(({ messages }) => messages));
    return {
      seed,
      engines: setting.engines.length,
      faults: faults.map(({ name }) => name),
      notPlayed: [...setting.notPlayed],
      messages: history.sent.length,
      byHand,
      recoveryMs,
      violations,
      story: history.about(concerned),
      logs: [...setting.logs],
    };
  } finally {
    await setting.close();
    open.delete(opening);
  }
}

async function play(setting: Setting, history: History, faults: readonly Fault[], random: Random) {
  for (const slot of setting.engines) await setting.start(slot);
  await admit(setting, [...PEOPLE, PROBE, POISONER, UNLUCKY]);
  let broken = true;
  const writing = Promise.all(
    PEOPLE.map((person) =>
      converse(setting, history, person, PER_PERSON, createRandom(random.int(0, 2 ** 31)), () => broken),
    ),
  );
  const breaking = async () => {
    for (const fault of faults) {
      await sleep(random.int(0, 600));
      await fault.inject(setting, random, (what) => history.add(what), history);
    }
    history.add("everything is repaired");
    broken = false;
    return timeRecovery(setting, history);
  };
  // Whoever writes stops too when a fault could not be played.
  const breakingOver = breaking().finally(() => (broken = false));
  const [recoveryMs, bodies] = await Promise.all([breakingOver, writing]);
  const { shown, byHand } = await settle(setting, history);
  await attachmentsOver(setting, apiOf(setting), history);
  return {
    byHand,
    recoveryMs,
    violations: [
      ...check(history, shown, setting.world, setting.purges.seen),
      ...(await overAndDone(setting, apiOf(setting), shown, bodies.flat(), faults)),
      ...lostLanes(setting),
    ],
  };
}

/** What the safety net had to catch is a broken promise, even where the message arrived in the end. */
function lostLanes({ logs }: Setting): Violation[] {
  const caught = logs.filter((line) => line.includes('"lane.reopened"'));
  return caught.map((line) => ({ what: `I1: a lane was lost: ${line}`, messages: [] }));
}

/** Nothing went on: that is a broken promise like any other, not an error of the suite. */
async function stuck(setting: Setting, error: unknown) {
  const what = Error.isError(error) ? error.message : String(error);
  const said = (await setting.databaseLog()).map((line) => `postgres ${line}`);
  setting.logs.push(...said, ...(await activityOf(setting.databaseUrl)));
  return { byHand: 0, recoveryMs: 0, violations: [{ what: `stuck: ${what}`, messages: [] }] as Violation[] };
}

/** Somebody who has not written yet writes once everything is repaired. */
async function timeRecovery(setting: Setting, history: History): Promise<number> {
  const began = performance.now();
  await converse(setting, history, PROBE, 1, createRandom(1));
  const probe = history.sent.find(({ patient }) => patient === PROBE.number);
  await apiOf(setting).until(probe?.wamid ?? "", ["filed", "purged"], SETTLED_WITHIN_MS);
  return Math.round(performance.now() - began);
}

function apiOf(setting: Setting): ApiClient {
  const slot = setting.engines.find(({ process }) => process);
  return new ApiClient(`http://127.0.0.1:${slot?.port ?? 0}`, setting.world.apiToken);
}

/** Waits until every message has its ending; what waits for a person is processed again, as a person would. */
async function settle(setting: Setting, history: History) {
  const api = apiOf(setting);
  const shown = new Map<string, ShownMessage[]>();
  const touched = new Set<string>();
  const deadline = performance.now() + SETTLED_WITHIN_MS;
  for (const sent of history.sent) {
    let found = await look(api, sent);
    while (!isEnding(sent, found) && performance.now() < deadline) {
      const [message] = found;
      if (message && ["failed", "held"].includes(message.state)) {
        history.add(`is ${message.state} (${message.reason ?? ""}), a person has it processed again`, sent.wamid);
        touched.add(sent.wamid);
        if (isSetAside(message)) history.setAside.add(sent.wamid);
        await api.reprocess(message.id);
      }
      await sleep(200);
      found = await look(api, sent);
    }
    shown.set(sent.wamid, found);
  }
  return { shown, byHand: touched.size };
}

function isSetAside({ reason, deliveries = [] }: ShownMessage): boolean {
  return reason === "set_aside" || deliveries.some(({ last_error: error }) => error?.startsWith("WORK_STOPS_ENGINE"));
}

async function look(api: ApiClient, { wamid }: Sent): Promise<ShownMessage[]> {
  const found = await api.find(wamid);
  return Promise.all(found.map(({ id }) => api.get<ShownMessage>(`/api/v1/messages/${id}`)));
}

function isEnding({ patient }: Sent, [message]: readonly ShownMessage[]): boolean {
  const endings = patient === undefined ? ["held"] : ["filed", "purged"];
  return message !== undefined && endings.includes(message.state);
}
