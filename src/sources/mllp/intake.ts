import { buildAck, type AckError } from "#src/hl7/ack.ts";
import { buildBatchAck, cutFrame, type Cut } from "#src/hl7/batch.ts";
import type { Charset } from "#src/hl7/charset.ts";
import type { ParsedMessage } from "#src/hl7/parse.ts";
import type { Episode, Episodes } from "#src/telemetry/episodes.ts";
import type { Accept, Accepted, SourceContext } from "../source.ts";
import * as answers from "./answer.ts";
import type { MllpSourceConfig } from "./config.ts";
import { draftOf, readFrame } from "./draft.ts";
import { senderRefusal } from "./senders.ts";
import { isAcknowledgement, refusalOf, warningsOf } from "./judge.ts";

/** What every connection of a source works with. */
export interface SessionDeps {
  readonly settings: MllpSourceConfig;
  readonly context: SourceContext;
  readonly accept: Accept;
  readonly refusals: Episodes;
}

/** Sends one acknowledgement; undefined where none is wanted. */
export type Reply = (ack: Buffer | undefined) => unknown;

/** Takes what one connection brings: judges, stores and answers it. */
export class Intake {
  readonly #deps: SessionDeps;
  readonly #charset: Charset | undefined;
  /** What the log was told of this connection already: a feed repeats its mistakes. */
  readonly #told = new Set<string>();

  constructor(deps: SessionDeps) {
    this.#deps = deps;
    this.#charset = deps.settings.charset as Charset | undefined;
  }

  /** One frame: a message, or a batch, which is taken apart. Throws when it could not be kept nor answered. */
  async take(frame: Buffer, reply: Reply): Promise<void> {
    const cut = cutFrame(frame);
    if (cut.batch) await this.#takeBatch(cut, frame, reply);
    else await this.#takeMessage(frame, reply);
  }

  async #takeBatch(cut: Cut, frame: Buffer, reply: Reply): Promise<void> {
    const { context, settings } = this.#deps;
    const together = settings.batch_answer === "batch";
    context.count("batch");
    if (cut.groups.every(({ messages }) => messages.length === 0)) {
      reply(answers.unreadableAck(frame, "reading HL7: a batch without a message", new Date()));
      return;
    }
    const all: Buffer[][] = [];
    for (const { messages, counted } of cut.groups) {
      if (counted !== undefined && counted !== messages.length) {
        context.log("warn", "mllp.batch_incomplete", { came: messages.length, counted });
      }
      const own: Buffer[] = [];
      for (const message of messages)
        await this.#takeMessage(message, together ? (ack) => own.push(...(ack ? [ack] : [])) : reply);
      all.push(own);
    }
    const now = new Date();
    if (all.flat().length > 0) reply(buildBatchAck(cut, all, now, answers.freshControlId(now)));
  }

  async #takeMessage(raw: Buffer, reply: Reply): Promise<void> {
    const { settings } = this.#deps;
    const now = new Date();
    const message = readFrame(raw, this.#charset);
    const dropped = "unreadable" in message ? answers.looksLikeAck(raw) : isAcknowledgement(message);
    if (dropped) {
      this.#deps.context.count("acknowledgement_dropped");
      this.#tell("acknowledgement", () => this.#deps.context.log("warn", "mllp.acknowledgement_dropped"));
      return;
    }
    if (!("unreadable" in message) && this.#refuse(message, now, reply)) return;
    const event = { raw, receivedAt: now.toISOString() };
    let accepted: Accepted;
    try {
      accepted = await this.#deps.accept(event, { messages: [draftOf(event, message, settings.order)], notices: [] });
    } catch (error) {
      // Bytes without a control id cannot be answered; a closed connection tells their sender to repeat them.
      if ("unreadable" in message) throw error;
      reply(answers.notStoredAck(message, now));
      return;
    }
    if ("unreadable" in message) reply(answers.unreadableAck(raw, message.unreadable, now));
    else await this.#acknowledge(message, accepted, reply);
  }

  /** Whether the message is not let in; it is answered then. */
  #refuse(message: ParsedMessage, now: Date, reply: Reply): boolean {
    const { context, settings } = this.#deps;
    const excess = answers.excessRefusal(message);
    const stranger = excess ? undefined : senderRefusal(message, settings.senders);
    const barred = excess ?? stranger;
    if (barred) {
      context.count(stranger ? "sender_refused" : "refused");
      if (stranger) this.#tell("sender", () => context.log("warn", "mllp.sender_refused", { reason: "application" }));
      else this.#tellRefused("HL7_TOO_MANY");
      reply(answers.refusedAck(message, barred, now));
      return true;
    }
    const refusal = refusalOf(message, settings);
    if (!refusal) return false;
    const { ignored, ...error } = refusal;
    context.count(ignored ? "ignored" : "refused");
    this.#tellRefused(error.code, ignored);
    if (ignored) for (const ack of answers.ignoredAcks(message, now)) reply(ack);
    else reply(answers.refusedAck(message, error, now));
    return true;
  }

  #tellRefused(error: string, ignored = false): void {
    const { context, refusals } = this.#deps;
    const over = ({ count }: Episode) => context.log("info", "mllp.refusals_over", { error, count });
    if (!refusals.happened(error, over)) return;
    if (ignored) context.log("info", "mllp.ignored", { error });
    else context.log("warn", "mllp.refused", { error });
  }

  async #acknowledge(message: ParsedMessage, { messages: [stored], settled }: Accepted, reply: Reply): Promise<void> {
    const { ack, settle_timeout_secs: timeout } = this.#deps.settings;
    if (stored?.duplicate) this.#deps.context.count("repeated");
    const mode = answers.ackModeOf(message);
    const warnings = this.#warn(message);
    const applicationDue = mode.application(true) || mode.application(false);
    if (mode.accept(true)) reply(buildAck(message, "CA", new Date(), undefined, applicationDue ? {} : { warnings }));
    if (!applicationDue) return;
    const outcome =
      ack === "on_commit" || !stored ? { state: "filed" as const } : await settled(stored.id, timeout * 1_000);
    reply(answers.outcomeAck(message, outcome, new Date(), warnings));
  }

  /** What the sender is told although its message is taken. */
  #warn(message: ParsedMessage): AckError[] {
    const { context } = this.#deps;
    if (message.misfit) {
      context.count(`charset_${message.misfit}`);
      const fields = { found: message.misfit, read_as: message.charset };
      this.#tell(message.misfit, () => context.log("warn", "mllp.charset_misfit", fields));
    }
    const warnings = warningsOf(message, new Date());
    for (const { code, segment = "", field = 0 } of warnings) {
      context.count("warned");
      this.#tell(`${segment}-${field}`, () => context.log("info", "mllp.warned", { error: code, segment, field }));
    }
    return warnings;
  }

  #tell(what: string, log: () => void): void {
    if (!this.#told.has(what)) log();
    this.#told.add(what);
  }
}
