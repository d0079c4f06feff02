import type { Subject } from "#src/message/directory.ts";
import type { RunningChannel } from "../running-channel.ts";
import type { FrozenContext } from "#src/store/sealed/message.ts";

/** Freezes what the mappings will look at, so that a retry renders the same bytes whatever an ADT changed since. */
export function route(channel: RunningChannel, subject: Subject | undefined, routedAt: string): FrozenContext {
  return {
    routedAt,
    language: channel.language,
    sourceName: channel.sourceName,
    ...(subject && { subject }),
    params: Object.fromEntries(channel.destinations.map(({ id, params }) => [id, params])),
  };
}
