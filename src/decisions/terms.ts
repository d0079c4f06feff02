import { parseDuration } from "#src/message/duration.ts";
import { LIMITS } from "#src/channel/schema.ts";
import type { PipelineDeps } from "#src/pipeline/deps.ts";

/** What a channel says about filing. */
export interface FilingPolicy {
  /** It files without confirmation. */
  readonly ackOnly: boolean;
  readonly afterFiledMs: number;
}

/** When it is decided, and by what retention that begins now runs. */
export interface Terms {
  readonly now: Date;
  readonly retainFrom: Date;
  readonly policyOf: (channel: string) => FilingPolicy;
}

/** Of a channel that does not run nobody says how long: the longest there is, and nothing without confirmation. */
const UNKNOWN: FilingPolicy = { ackOnly: false, afterFiledMs: parseDuration(LIMITS.hardMaxAge) };

/** The terms of a decision made now. */
export function termsOf({
  clock,
  retainFrom,
  channels,
}: Pick<PipelineDeps, "clock" | "retainFrom" | "channels">): Terms {
  return {
    now: new Date(clock()),
    retainFrom: new Date(retainFrom()),
    policyOf: (id) => {
      const channel = channels(id);
      return channel ? { ackOnly: channel.ackOnly, afterFiledMs: channel.retention.afterFiledMs } : UNKNOWN;
    },
  };
}
