import type { Message } from "#src/message/message.ts";
import type { Subject } from "#src/message/directory.ts";
import type { RunningChannel } from "../running-channel.ts";
import { absentOf, type FrozenContext } from "#src/store/sealed/message.ts";

/** Freezes what the mappings will look at, so that a retry renders the same bytes whatever an ADT changed since. */
export function route(
  channel: RunningChannel,
  subject: Subject | undefined,
  routedAt: string,
  message: Pick<Message, "attachments">,
): FrozenContext {
  const absent = absentOf(message.attachments);
  return {
    routedAt,
    language: channel.language,
    sourceName: channel.sourceName,
    ...(subject && { subject }),
    ...(absent && { absent }),
    params: Object.fromEntries(channel.destinations.map(({ id, params }) => [id, params])),
  };
}
