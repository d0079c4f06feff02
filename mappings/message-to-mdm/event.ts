import type { Hl7Profile } from "#src/hl7/profile.ts";
import type { Trigger } from "#src/hl7/override.ts";
import type { About } from "#src/message/about.ts";
import { controlId, messageId, type MessageId } from "#src/message/id.ts";
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
  /** The document that this one, being one of its own, belongs to. */
  readonly addsTo?: string;
}

/** Events about a document that has its number already; all others have a number of their own. */
const SAME_NUMBER: ReadonlySet<Trigger> = new Set(["T03", "T04", "T07", "T08", "T11"]);
/** Events with a number of their own that name another document (TXA-13). */
const WITH_PARENT: ReadonlySet<Trigger> = new Set(["T05", "T06", "T09", "T10"]);
const WITH_CONTENT: ReadonlySet<Trigger> = new Set(["T02", "T04", "T06", "T08", "T10"]);

export interface EventContext {
  readonly policy: Hl7Profile["events"];
  readonly words: Words;
  /** The message is taken out of a chart it never belonged to: T11 under the number it was filed with. */
  readonly withdraw: boolean;
  /** What the KIS holds of the message this one is about; where nobody looked, it is taken to hold that alone. */
  readonly about?: About | undefined;
}

/**
 * Numbers are derived from (channel, external id). An event about a document is only made where the KIS holds that
 * document, under its latest number: a replacement names the replacement before it, so that one valid document is left.
 * What is about a document the KIS never got is a document of its own.
 */
export function eventOf(message: Message, { policy, words, withdraw, about }: EventContext): DocumentEvent {
  const { target, reason, ...rule } = ruleOf(message, policy, words, about);
  const chain = target === undefined ? [] : chainOf(messageId(message.channel, target), about);
  const aboutOther = SAME_NUMBER.has(rule.trigger) || WITH_PARENT.has(rule.trigger);
  const trigger = aboutOther && chain.length === 0 ? policy.message : rule.trigger;
  const [first, last] = [chain[0], chain.at(-1)];
  const document = SAME_NUMBER.has(trigger) && first !== undefined ? numberOf(first) : numberOf(message.id);
  const parent = WITH_PARENT.has(trigger) && last !== undefined ? { parent: numberOf(last) } : {};
  if (withdraw) {
    const made = { trigger: "T11", structure: "MDM_T01", reason: words.reasons.wrongChart } as const;
    return { ...made, document, ...parent, controlId: controlId(message.id, "withdraw") };
  }
  return {
    document,
    ...parent,
    trigger,
    structure: WITH_CONTENT.has(trigger) ? "MDM_T02" : "MDM_T01",
    controlId: controlId(message.id),
    ...(reason !== undefined && { reason }),
  };
}

/** What the KIS holds of a message, oldest first: itself, and the wordings that took its place. */
function chainOf(target: MessageId, about: About | undefined): readonly MessageId[] {
  if (!about) return [target];
  return [...(about.filed ? [about.filedAs ?? target] : []), ...about.wordings];
}

interface Rule {
  readonly trigger: Trigger;
  readonly target?: string;
  readonly reason?: string;
}

function ruleOf(
  { content, replyTo, attachments }: Message,
  policy: Hl7Profile["events"],
  words: Words,
  about: About | undefined,
): Rule {
  if (content.kind === "reaction") return { trigger: policy.reaction, target: content.target };
  if (content.kind === "edit") {
    // What replaced the document would lose its picture: a new caption alone goes beside it.
    const captionOnly = content.revised.kind !== "text" && attachments.length === 0;
    // So would an older wording that was decided after a newer one.
    const trigger = captionOnly || about?.superseded ? policy.caption : policy.edit;
    return { trigger, target: content.target, reason: words.reasons.edited };
  }
  if (content.kind === "revoke") {
    return { trigger: policy.revoke, target: content.target, reason: words.reasons.revoked };
  }
  return replyTo === undefined ? { trigger: policy.message } : { trigger: policy.reply, target: replyTo };
}

function numberOf(id: MessageId): string {
  return controlId(id, "document");
}
