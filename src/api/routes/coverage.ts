import { z } from "zod";
import { COVERAGE_CLASSES, readCoverage } from "#src/store/sql/coverage.ts";
import type { ApiDeps } from "../deps.ts";
import { once } from "../once.ts";
import { json, route } from "../route.ts";

const instant = z.iso.datetime();

const coverageSchema = z.strictObject({
  at: instant.describe("When it was counted; answers are up to ten seconds old."),
  stored: z.int().describe("Messages stored, counted apart from the classes."),
  classed: z.int().describe("Messages in a class. Less than `stored`: a fault of the engine, to be reported."),
  epochs: z.array(
    z.strictObject({ id: z.int().describe("Start, seconds since 1970."), starts_at: instant, ends_at: instant }),
  ),
  rows: z.array(
    z.strictObject({
      epoch: z.int(),
      channel: z.string(),
      class: z
        .enum(COVERAGE_CLASSES)
        .describe(
          "Filed, filtered or withdrawn, to go with the next purge; filed, its period runs; not yet confirmed; held; failed; restricted: kept past its limit undecided.",
        ),
      count: z.int(),
      oldest: instant.describe("Receipt of the oldest."),
    }),
  ),
  channels: z.array(
    z.strictObject({
      id: z.string(),
      after_filed_ms: z.int(),
      hard_max_age_ms: z.int(),
      unknown_sender_ms: z.int(),
    }),
  ),
});

/** A million rows are read for it. */
const GOOD_FOR_MS = 10_000;

/** One count for everybody who looks at this engine. */
const counts = new WeakMap<ApiDeps, () => Promise<z.infer<typeof coverageSchema>>>();

export const showCoverage = route({
  operationId: "showCoverage",
  tag: "retention",
  method: "get",
  path: "/api/v1/coverage",
  right: "coverage.read",
  summary: "Shows why every stored message is still here, by epoch and channel",
  details: "The classes add up to what is stored, or something is kept that nobody answers for.",
  answer: json("Coverage", coverageSchema, "The classes."),
  handle: (_input, { deps, channels }) => {
    if (channels) return coverage(deps, channels);
    const count = counts.get(deps) ?? once(GOOD_FOR_MS, () => coverage(deps));
    counts.set(deps, count);
    return count();
  },
});

/** @param mine the channels that may be seen; undefined: all */
async function coverage(deps: ApiDeps, mine?: readonly string[]): Promise<z.infer<typeof coverageSchema>> {
  const now = new Date(deps.now());
  const { rows, stored, epochs } = await readCoverage(deps.store, now, mine);
  const classed = rows.flatMap((row) => (row.class === null ? [] : [{ ...row, class: row.class }]));
  return {
    at: now.toISOString(),
    stored,
    classed: classed.reduce((sum, { count }) => sum + count, 0),
    epochs: epochs.map(({ id, endsAt }) => ({
      id,
      starts_at: new Date(id * 1_000).toISOString(),
      ends_at: endsAt.toISOString(),
    })),
    rows: classed.map(({ epoch, channel, class: why, count, oldest }) => ({
      epoch,
      channel,
      class: why,
      count,
      oldest: oldest.toISOString(),
    })),
    channels: deps
      .retention()
      .filter(({ id }) => mine?.includes(id) ?? true)
      .map(({ id, afterFiledMs, hardMaxAgeMs, unknownSenderMs }) => ({
        id,
        after_filed_ms: afterFiledMs,
        hard_max_age_ms: hardMaxAgeMs,
        unknown_sender_ms: unknownSenderMs,
      })),
  };
}
