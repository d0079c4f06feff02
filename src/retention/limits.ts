import { LIMITS } from "#src/channel/schema.ts";
import { parseDuration } from "#src/message/duration.ts";
import type { RunningChannel } from "#src/pipeline/running-channel.ts";
import { channelsLeft, nextRestriction, restrictOverdue } from "#src/store/sql/restrict.ts";
import { forgetContacts } from "#src/store/sql/contacts.ts";
import type { RetentionDeps } from "./deps.ts";

/** The channels of this engine. */
export interface ChannelList {
  all(): readonly RunningChannel[];
  /** The refused ones too. */
  status(): readonly { readonly id: string }[];
}

/** How long a channel's content may wait, and its contacts be silent. */
export interface Limited {
  readonly id: string;
  readonly retention: Pick<RunningChannel["retention"], "hardMaxAgeMs" | "unknownSenderMs">;
}

/**
 * Every channel that runs, and those whose file is gone but not what came through them: how long that may stay nobody says
 * any more, so what holds where a file says nothing. A refused channel has its own limits again once it is mended.
 */
export async function limitedChannels(deps: RetentionDeps, channels: ChannelList): Promise<Limited[]> {
  const left = await channelsLeft(
    deps.store,
    channels.status().map(({ id }) => id),
  );
  const retention = {
    hardMaxAgeMs: parseDuration(LIMITS.hardMaxAge),
    unknownSenderMs: parseDuration(LIMITS.unknownSender),
  };
  return [...channels.all(), ...left.map((id) => ({ id, retention }))];
}

/**
 * The hard maximum age (I4): never silently kept, never silently deleted.
 * @returns when the next message outlives it
 */
export async function restrict(deps: RetentionDeps, channels: readonly Limited[]): Promise<Date | undefined> {
  const due: number[] = [];
  for (const { id, retention } of channels) {
    const restricted = await restrictOverdue(deps.store, { channel: id, ...retention }, new Date(deps.clock()));
    const next = await nextRestriction(deps.store, { channel: id, ...retention });
    if (next) due.push(next.getTime());
    if (restricted === 0) continue;
    deps.metrics.count("messages_restricted", { channel: id }, restricted);
    deps.log("error", "messages.restricted", { channel: id, count: restricted });
  }
  return due.length === 0 ? undefined : new Date(Math.min(...due));
}

/** Contacts nobody has heard of for the hard maximum age are forgotten; what waits of theirs stays in its conversation. */
export async function forgetSilent(deps: RetentionDeps, channels: readonly Limited[]): Promise<void> {
  for (const { id, retention } of channels) {
    const day = new Date(deps.clock() - retention.hardMaxAgeMs).toISOString().slice(0, 10);
    const forgotten = await forgetContacts(deps.store, id, day);
    if (forgotten > 0) deps.log("info", "contacts.forgotten", { channel: id, count: forgotten });
  }
}
