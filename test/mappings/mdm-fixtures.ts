import { loadHl7Profiles, withProfile } from "#src/channel/hl7-profiles.ts";
import { loadMapping } from "#src/channel/mapping.ts";
import type { Hl7Message } from "#src/hl7/message.ts";
import type { Content } from "#src/message/content.ts";
import { messageId } from "#src/message/id.ts";
import type { Message } from "#src/message/message.ts";

export const CHANNEL = "whatsapp-to-kis";
export const mapping = await loadMapping("mappings", "message-to-mdm");
export const profiles = await loadHl7Profiles("config/hl7-profiles");

export const SUBJECT = {
  patient: {
    identifiers: [
      { value: "4711", authority: "1.2.276.0.76.4.1", type: "PI" },
      { value: "M-9", authority: "OLD", type: "MR" },
      { value: "F-1", authority: "1.2.276.0.76.4.1", type: "VN" },
    ],
    familyName: "Müller",
    givenName: "Erika",
    phones: ["4915112345678"],
  },
  level: 4,
};

export function message(externalId: string, content: Content, more: Partial<Message> = {}): Message {
  return {
    id: messageId(CHANNEL, externalId),
    channel: CHANNEL,
    externalId,
    content,
    conversation: "4915112345678",
    sentAt: "2026-07-01T08:26:05.000Z",
    receivedAt: "2026-07-01T08:26:06.000Z",
    attachments: [],
    raw: null,
    ...more,
  };
}

/** What the mapping makes of a message with the channel's `with:`. */
export function render(
  one: Message,
  given: Record<string, unknown> = {},
  withdraw = false,
  withdrawnAt?: string,
): Hl7Message {
  const found = withProfile(given, profiles);
  if ("issue" in found) throw new Error(found.issue.message);
  return map(one, found.params, withdraw, withdrawnAt);
}

/** The same with a profile of the test's own. */
export function renderWith(one: Message, profile: object): Hl7Message {
  return map(one, { profile }, false);
}

function map(one: Message, given: unknown, withdraw: boolean, withdrawnAt?: string): Hl7Message {
  const params = mapping.params.parse(given);
  const told = { withdraw, ...(withdrawnAt !== undefined && { withdrawnAt }) };
  return mapping.map(one, { subject: SUBJECT, params, routedAt: "2026-07-01T08:26:09.000Z", ...told }) as Hl7Message;
}
