import { z } from "zod";
import { countLanes, parkedByReason } from "#src/store/sql/lane-list.ts";
import { rates, RATE_MINUTES, unsettled } from "#src/store/sql/overview.ts";
import { breakersNow } from "#src/store/sql/engines.ts";
import { once } from "../once.ts";
import type { ApiDeps } from "../deps.ts";
import { pausesNow, pauseSchema } from "../pause-view.ts";
import { json, route } from "../route.ts";

const instant = z.iso.datetime();
const count = z.int();

const overviewSchema = z.strictObject({
  at: instant.describe("When it was counted; answers are up to two seconds old."),
  channels: z.array(
    z.strictObject({
      id: z.string(),
      title: z.string(),
      source: z.string(),
      state: z
        .enum(["running", "refused", "removed"])
        .describe("`removed`: messages of it are left, its file is gone."),
      paused: pauseSchema,
      problems: z.array(z.string()),
      received: z.array(count).describe(`By minute, the last ${RATE_MINUTES}, the current one last.`),
      filed: z.array(count).describe("The same."),
      oldest: instant.nullable().describe("Receipt of the oldest message that is neither filed nor filtered."),
      waiting: count.describe("Received or routed."),
      held: z.array(z.strictObject({ reason: z.string(), count, oldest: instant })),
      failed: count,
      stages: z.array(
        z.strictObject({
          stage: z.string().describe("`prepare`, or the id of a destination."),
          type: z.string().nullable().describe("Of the destination."),
          open: count.describe("Messages in its lanes."),
          lanes: count,
          retrying: count.describe("Lanes whose last try failed."),
          parked: z.array(z.strictObject({ reason: z.string(), lanes: count, open: count, since: instant })),
          held_back: z
            .boolean()
            .describe("An engine's breaker is open: the destination was down when it was last tried."),
        }),
      ),
    }),
  ),
});

type ChannelView = z.infer<typeof overviewSchema>["channels"][number];
/** What is counted, for everybody who asks within a while. */
interface Overview {
  readonly at: string;
  readonly channels: readonly Omit<ChannelView, "paused">[];
}

/** How long what was counted is good for whoever asks next. */
const GOOD_FOR_MS = 2_000;

/** One count for everybody who looks at this engine. */
const counts = new WeakMap<ApiDeps, () => Promise<Overview>>();

export const showOverview = route({
  operationId: "showOverview",
  tag: "operation",
  method: "get",
  path: "/api/v1/overview",
  right: "channels.read",
  summary: "Shows each channel's rates, its oldest message, what waits, is parked, held and failed",
  answer: json("Overview", overviewSchema, "The channels."),
  handle: async (_input, { deps, channels: mine }) => {
    const count = counts.get(deps) ?? once(GOOD_FOR_MS, () => overview(deps));
    counts.set(deps, count);
    // A pause is seen at once by whoever said it.
    const [{ at, channels }, paused] = await Promise.all([count(), pausesNow(deps)]);
    return {
      at,
      channels: channels
        .filter(({ id }) => mine?.includes(id) ?? true)
        .map((channel) => ({ ...channel, paused: paused.get(channel.id) ?? null })),
    };
  },
});

async function overview(deps: ApiDeps): Promise<Overview> {
  const now = new Date(deps.now());
  const [minutes, open, lanes, parked, breakers] = await Promise.all([
    rates(deps.store, now),
    unsettled(deps.store),
    countLanes(deps.store),
    parkedByReason(deps.store),
    breakersNow(deps.store),
  ]);
  const known = deps.channels();
  const left = new Set([...open, ...lanes].map(({ channel }) => channel));
  for (const { id } of known) left.delete(id);
  const removed = [...left].sort().map((id) => ({
    id,
    title: "",
    source: "",
    state: "removed" as const,
    problems: [],
    destinations: [],
  }));
  const channels = [...known, ...removed].map(({ id, title, source, state, problems, destinations }) => {
    const mine = open.filter(({ channel }) => channel === id);
    const sum = (...states: string[]) =>
      mine.filter((one) => states.includes(one.state)).reduce((total, one) => total + one.count, 0);
    const ofChannel = lanes.filter(({ channel }) => channel === id);
    const stages = new Set(["prepare", ...destinations.map((one) => one.id), ...ofChannel.map(({ stage }) => stage)]);
    const series = (pick: (one: (typeof minutes)[number]) => number) => {
      const counts = new Array<number>(RATE_MINUTES).fill(0);
      for (const one of minutes) if (one.channel === id) counts[RATE_MINUTES - 1 - one.ago] = pick(one);
      return counts;
    };
    return {
      id,
      title,
      source,
      state,
      problems: [...problems],
      received: series(({ received }) => received),
      filed: series(({ filed }) => filed),
      oldest: oldestOf(mine),
      waiting: sum("received", "routed"),
      held: mine
        .filter((one) => one.state === "held")
        .map(({ reason, count, oldest }) => ({ reason: reason ?? "", count, oldest: oldest.toISOString() })),
      failed: sum("failed"),
      stages: Array.from(stages, (stage) => {
        const here = ofChannel.filter((one) => one.stage === stage);
        return {
          stage,
          type: destinations.find((one) => one.id === stage)?.type ?? null,
          open: here.reduce((total, one) => total + one.open, 0),
          lanes: here.reduce((total, one) => total + one.lanes, 0),
          retrying: here.find((one) => one.state === "retrying")?.lanes ?? 0,
          parked: parked
            .filter((one) => one.channel === id && one.stage === stage)
            .map(({ reason, lanes, open, since }) => ({
              reason: reason ?? "",
              lanes,
              open,
              since: since.toISOString(),
            })),
          held_back: breakers.some((one) => one.channel === id && one.stage === stage),
        };
      }),
    };
  });
  return { at: now.toISOString(), channels };
}

function oldestOf(unsettled: readonly { readonly oldest: Date }[]): string | null {
  const times = unsettled.map(({ oldest }) => oldest.getTime());
  return times.length === 0 ? null : new Date(Math.min(...times)).toISOString();
}
