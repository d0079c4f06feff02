import type { Hl7Profile } from "#src/hl7/profile.ts";
import type { Trigger } from "#src/hl7/override.ts";
import { controlId, messageId } from "#src/message/id.ts";
import type { Message } from "#src/message/message.ts";
import type { Words } from "#src/wording/words.ts";

/** Which document event a message is, and which documents it names. */
export interface DocumentEvent {
  readonly trigger: Trigger;
  /** MSH-9.3: there are only these two (HL7 v2.5.1 ch. 9.6). */
  readonly structure: "MDM_T01" | "MDM_T02";
  /** MSH-10. */
  readonly controlId: string;
  /** TXA-12. */
  readonly document: string;
  /** TXA-13: the document this one is about, under the number it was filed with. */
  readonly parent?: string;
  /** TXA-21. */
  readonly reason?: string;
}

/** Events about a document that has its number already; all others have a number of their own. */
const SAME_NUMBER: ReadonlySet<Trigger> = new Set(["T03", "T04", "T07", "T08", "T11"]);
const WITH_CONTENT: ReadonlySet<Trigger> = new Set(["T02", "T04", "T06", "T08", "T10"]);

/**
 * Numbers are derived from (channel, external id), so the number of the message answered, edited or deleted is known
 * without looking anything up. `withdraw` takes the message out of a chart it never belonged to: T11 under the number
 * it was filed with.
 */
export function eventOf(
  message: Message,
  policy: Hl7Profile["events"],
  words: Words,
  withdraw: boolean,
): DocumentEvent {
  const { trigger, target, reason } = ruleOf(message, policy, words);
  const parent = target === undefined ? undefined : numberOf(messageId(message.channel, target));
  const own = numberOf(message.id);
  const filed = parent !== undefined && SAME_NUMBER.has(trigger) ? { document: parent } : named(own, parent);
  return withdraw
    ? {
        ...filed,
        trigger: "T11",
        structure: "MDM_T01",
        controlId: controlId(message.id, "withdraw"),
        reason: words.reasons.wrongChart,
      }
    : {
        ...filed,
        trigger,
        structure: WITH_CONTENT.has(trigger) ? "MDM_T02" : "MDM_T01",
        controlId: controlId(message.id),
        ...(reason !== undefined && { reason }),
      };
}

interface Rule {
  readonly trigger: Trigger;
  readonly target?: string;
  readonly reason?: string;
}

function ruleOf({ content, replyTo, attachments }: Message, policy: Hl7Profile["events"], words: Words): Rule {
  if (content.kind === "reaction") return { trigger: policy.reaction, target: content.target };
  if (content.kind === "edit") {
    // What replaced the document would lose its picture: a new caption alone goes beside it.
    const captionOnly = content.revised.kind !== "text" && attachments.length === 0;
    const trigger = captionOnly ? policy.caption : policy.edit;
    return { trigger, target: content.target, reason: words.reasons.edited };
  }
  if (content.kind === "revoke") {
    return { trigger: policy.revoke, target: content.target, reason: words.reasons.revoked };
  }
  return replyTo === undefined ? { trigger: policy.message } : { trigger: policy.reply, target: replyTo };
}

function named(document: string, parent: string | undefined): { document: string; parent?: string } {
  return { document, ...(parent !== undefined && { parent }) };
}

function numberOf(id: string): string {
  return controlId(id, "document");
}
