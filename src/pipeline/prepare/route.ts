import type { Message } from "#src/message/message.ts";
import { OPEN_OR_PLANNED } from "#src/message/case-rule.ts";
import { fittingCase } from "#src/identity/case-rule.ts";
import type { Resolution } from "#src/identity/resolve.ts";
import type { RunningChannel } from "../running-channel.ts";
import { absentOf, type FrozenContext } from "#src/store/sealed/message.ts";

/** Freezes what the mappings will look at, so that a retry renders the same bytes whatever an ADT changed since. */
export function route(
  channel: RunningChannel,
  resolution: Extract<Resolution, { found: true }> | undefined,
  routedAt: string,
  message: Pick<Message, "attachments" | "sentAt">,
): FrozenContext {
  const rule = channel.identity?.caseRule;
  const encounter = resolution && fittingCase(resolution.cases, rule ?? OPEN_OR_PLANNED, Date.parse(message.sentAt));
  const absent = absentOf(message.attachments);
  return {
    routedAt,
    language: channel.language,
    sourceName: channel.sourceName,
    ...(resolution && { subject: { ...resolution.subject, ...(encounter && { encounter }) } }),
    ...(rule && { caseChoice: { rule, sentAt: message.sentAt } }),
    ...(absent && { absent }),
    params: Object.fromEntries(channel.destinations.map(({ id, params }) => [id, params])),
  };
}
