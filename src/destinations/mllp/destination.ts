import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { z } from "zod";
import { consequenceOf } from "#src/hl7/ack-consequence.ts";
import { ackMode } from "#src/hl7/ack-mode.ts";
import { charsetOf } from "#src/hl7/charset-of.ts";
import { CHARSETS, type Charset } from "#src/hl7/charset.ts";
import { encode } from "#src/hl7/encode.ts";
import type { Field, Hl7Message } from "#src/hl7/message.ts";
import { MllpSender } from "#src/hl7/sender.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { Destination, DestinationContext, DestinationSpec } from "../destination.ts";
import { fillSlots } from "./fill-slots.ts";

const port = z.coerce.number().int().min(1).max(65_535);
const file = z.string().describe("path of a PEM file");

const config = z.strictObject({
  type: z.literal("mllp"),
  host: z.string().min(1).describe("host name or address of the receiver"),
  port: port.describe("its TCP port"),
  connect_timeout_secs: z.coerce.number().positive().default(10).describe("how long connecting may take"),
  ack_timeout_secs: z.coerce.number().positive().default(30).describe("how long to wait for the acknowledgement"),
  connections: z.coerce.number().int().min(1).max(32).default(1).describe("connections the receiver allows at once"),
  charset: z
    .enum(CHARSETS as [string, ...string[]])
    .optional()
    .describe("encoding of the bytes, where it is not what MSH-18 says"),
  on_unencodable: z
    .enum(["replace", "refuse"])
    .default("replace")
    .describe("characters the charset does not hold: write ?, or fail the delivery"),
  tls: z
    .strictObject({
      ca: file.optional(),
      cert: file.optional(),
      key: file.optional(),
      servername: z.string().optional(),
    })
    .optional()
    .describe("TLS (IHE ITI-19); cert and key for mutual TLS"),
});

type MllpDestinationConfig = z.output<typeof config>;

/** MDM and other HL7 v2 messages to the KIS, one in flight per connection. */
export const mllpDestination: DestinationSpec<MllpDestinationConfig> = {
  type: "mllp",
  summary: "HL7 v2 messages over MLLP",
  takes: "hl7",
  confirms: false,
  config: config,
  open,
};

/** MSH fields of the encoder's numbering, where the array begins with MSH-3. */
const MSH_10 = 10 - 3;
const MSH_15 = 15 - 3;
const MSH_16 = 16 - 3;

function open(settings: MllpDestinationConfig, context: DestinationContext): Destination {
  const sender = new MllpSender(
    {
      host: settings.host,
      port: settings.port,
      connectTimeoutMs: settings.connect_timeout_secs * 1_000,
      ackTimeoutMs: settings.ack_timeout_secs * 1_000,
      ...(settings.tls && { tls: readTls(settings.tls) }),
    },
    settings.connections,
  );
  return {
    concurrency: settings.connections,
    send: async (job, signal) => {
      const message = job.output as Hl7Message;
      const charset = (settings.charset as Charset | undefined) ?? charsetOf(message);
      const { pieces, replaced } = encode(message, { charset, unencodable: settings.on_unencodable });
      if (replaced > 0) context.count("characters_replaced");
      const { controlId, applicationAckDue } = expectedAnswer(message);
      const { ack, sentSha256 } = await sender.send(
        {
          pieces: await fillSlots(pieces, (id) => job.openBlob(id)),
          controlId,
          openBlob: (id) => job.openBlob(id),
          consequence: (answer) => {
            context.count(`ack_${answer.code}`);
            return consequenceOf(answer, applicationAckDue);
          },
        },
        signal,
      );
      const { code, text } = ack;
      return { sentSha256, answer: { code, control_id: controlId, ...(text !== "" && { text }) } };
    },
    check: (signal) => sender.check(signal),
    close: () => {
      sender.close();
      return Promise.resolve();
    },
  };
}

/** What must come back before the message counts as accepted. @throws BotenstoffError MAPPING_FAILED if nothing would */
function expectedAnswer(message: Hl7Message): { controlId: string; applicationAckDue: boolean } {
  const controlId = header(message, MSH_10);
  if (controlId === "") throw new BotenstoffError("MAPPING_FAILED", "delivering by MLLP: MSH-10 is missing");
  const mode = ackMode(header(message, MSH_15), header(message, MSH_16));
  const applicationAckDue = mode.application(true);
  if (!applicationAckDue && !mode.accept(true)) {
    throw new BotenstoffError("MAPPING_FAILED", "delivering by MLLP: MSH-15 and MSH-16 ask for no acknowledgement");
  }
  return { controlId, applicationAckDue };
}

function header(message: Hl7Message, field: number): string {
  const value: Field = message.segments[0]?.fields[field];
  return typeof value === "string" ? value : "";
}

function readTls({ ca, cert, key, servername }: NonNullable<MllpDestinationConfig["tls"]>): ConnectionOptions {
  try {
    return {
      ...(ca !== undefined && { ca: readFileSync(ca) }),
      ...(cert !== undefined && { cert: readFileSync(cert) }),
      ...(key !== undefined && { key: readFileSync(key) }),
      ...(servername !== undefined && { servername }),
    };
  } catch (cause) {
    throw new BotenstoffError("CONFIG_INVALID", "opening the mllp destination: a TLS file cannot be read", { cause });
  }
}
