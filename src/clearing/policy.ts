import { LIMITS } from "#src/channel/schema.ts";
import { parseDuration } from "#src/message/duration.ts";
import type { RunningChannel } from "#src/pipeline/running-channel.ts";
import type { TaskPolicy } from "./deps.ts";

/** What a channel that does not run says nobody knows: two persons, and what a file says where it is silent. */
const UNKNOWN: TaskPolicy = {
  fourEyes: true,
  dueAfterMs: parseDuration(LIMITS.dueAfter),
  escalateAfterMs: parseDuration(LIMITS.escalateAfter),
  requireLevel: 1,
  unknownSenderMs: parseDuration(LIMITS.unknownSender),
  afterFiledMs: parseDuration(LIMITS.hardMaxAge),
};

export function taskPolicyOf(channel: RunningChannel | undefined): TaskPolicy {
  if (!channel) return UNKNOWN;
  const { clearing, identity, retention } = channel;
  const { unknownSenderMs, afterFiledMs } = retention;
  return { ...clearing, requireLevel: identity?.requireLevel ?? 1, unknownSenderMs, afterFiledMs };
}
