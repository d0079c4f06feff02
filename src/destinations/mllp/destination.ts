import type { Ack } from "#src/hl7/ack.ts";
import { consequenceOf, type Expected } from "#src/hl7/ack-consequence.ts";
import { charsetOf } from "#src/hl7/charset-of.ts";
import type { Charset } from "#src/hl7/charset.ts";
import type { Outgoing } from "#src/wire/mllp/connection.ts";
import { encode } from "#src/hl7/encode.ts";
import type { Hl7Message } from "#src/hl7/message.ts";
import { MllpSender } from "#src/wire/mllp/sender.ts";
import { openTls } from "#src/wire/tls/client-tls.ts";
import type { Fit } from "#src/message/mapping.ts";
import type { Destination, DestinationContext, DestinationSpec, Job, Receipt } from "../destination.ts";
import { withDrawable } from "../fitting.ts";
import { ApplicationAcks } from "./application-acks.ts";
import { mllpDestinationConfig, type MllpDestinationConfig } from "./config.ts";
import { faultsOf } from "./faults.ts";
import { fillSlots } from "./fill-slots.ts";
import { readHeader } from "./header.ts";

/** MDM and other HL7 v2 messages to the KIS, one in flight per connection. */
export const mllpDestination: DestinationSpec<MllpDestinationConfig> = {
  type: "mllp",
  summary: "HL7 v2 messages over MLLP",
  takes: "hl7",
  confirms: false,
  config: mllpDestinationConfig,
  faults: (output, settings) => faultsOf(output as Hl7Message, settings),
  open,
};

function open(settings: MllpDestinationConfig, context: DestinationContext): Destination {
  const tls = settings.tls && openTls(settings.tls, context);
  const acks = settings.application_acks && new ApplicationAcks(settings.application_acks, tls?.files, context);
  const applicationAckTimeoutMs = settings.application_ack_timeout_secs * 1_000;
  const sender = new MllpSender(
    {
      host: settings.host,
      port: settings.port,
      connectTimeoutMs: settings.connect_timeout_secs * 1_000,
      ackTimeoutMs: settings.ack_timeout_secs * 1_000,
      applicationAckTimeoutMs,
      maxIdleMs: settings.max_idle_secs * 1_000,
      keepOpen: settings.keep_open,
      ...(tls && { tls: tls.client }),
    },
    settings.connections,
  );

  function judge(ack: Ack, expected: Expected): "done" | "wait" {
    context.count(`ack_${ack.code}`);
    return consequenceOf(ack, expected);
  }

  function send(job: Job, signal: AbortSignal): Promise<Receipt> {
    return withDrawable(job, context, (output, fit) => sendAs(job, output as Hl7Message, fit, signal));
  }

  async function sendAs(job: Job, message: Hl7Message, fit: Fit | undefined, signal: AbortSignal): Promise<Receipt> {
    const header = readHeader(message, settings.settle_on_write);
    const { controlId } = header;
    const charset = (settings.charset as Charset | undefined) ?? charsetOf(message);
    const { pieces, replaced } = encode(message, { charset, unencodable: settings.on_unencodable });
    if (replaced > 0) context.count("characters_replaced", replaced);
    const elsewhere = acks && header.applicationAckDue && !header.original ? acks.expect(controlId) : undefined;
    const expected: Expected = {
      applicationAckDue: header.applicationAckDue,
      onReject: settings.on_reject,
      answers: settings.answers,
      repeated: job.repeated ?? false,
    };
    const outgoing: Outgoing = {
      pieces: await fillSlots(pieces, (id) => job.openBlob(id)),
      controlId,
      expects: elsewhere && !header.acceptAckDue ? "nothing" : header.expects,
      openBlob: (id) => job.openBlob(id),
      consequence: (ack) => {
        const next = judge(ack, expected);
        // What is still to come arrives at a port of its own: this connection is free for the next message.
        return elsewhere ? "done" : next;
      },
    };
    try {
      const { ack, sentSha256 } = await sender.send(outgoing, job.lane, signal);
      // What was there already is not acknowledged a second time.
      const due = ack === undefined || ack.code === "CA";
      const late = due ? await elsewhere?.ack(applicationAckTimeoutMs, signal) : undefined;
      if (late) judge(late, expected);
      return { sentSha256, answer: answerOf(controlId, late ?? ack), ...(fit && { fit }) };
    } finally {
      elsewhere?.forget();
    }
  }

  return {
    concurrency: settings.connections,
    send,
    check: async (signal) => {
      await acks?.port();
      await sender.check(signal);
    },
    close: async () => {
      sender.close();
      tls?.close();
      await acks?.close();
    },
  };
}

/** The receipt: what came back, or that nothing was asked for. */
function answerOf(controlId: string, ack: Ack | undefined) {
  if (!ack) return { code: "none", control_id: controlId };
  return { code: ack.code, control_id: controlId, ...(ack.text !== "" && { text: ack.text }) };
}
