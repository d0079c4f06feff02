import { z } from "zod";
import { CHARSETS } from "#src/hl7/charset.ts";
import { isLoopback } from "#src/message/loopback.ts";
import { senders } from "./senders.ts";

const file = z.string().describe("path of a PEM file");
const seconds = z.coerce.number().positive();

const members = z.strictObject({
  type: z.literal("mllp"),
  host: z.string().default("127.0.0.1").describe("address to listen on; 0.0.0.0 for every interface"),
  port: z.coerce.number().int().min(0).max(65_535).describe("TCP port to listen on; 0 lets the system choose"),
  max_message_bytes: z.coerce
    .number()
    .int()
    .positive()
    .default(32 * 1024 * 1024)
    .describe("largest message taken"),
  idle_timeout_secs: seconds.default(3_600).describe("a connection silent for this long is closed"),
  ack: z
    .enum(["on_settled", "on_commit"])
    .default("on_settled")
    .describe("acknowledge once the message is processed, or as soon as it is durable"),
  settle_timeout_secs: seconds.default(30).describe("how long on_settled waits before it asks for a repeat"),
  unknown_trigger: z
    .enum(["refuse", "acknowledge"])
    .default("refuse")
    .describe("ADT of a trigger the standard does not have: AR, or AA without storing them"),
  other_types: z
    .enum(["refuse", "acknowledge"])
    .default("refuse")
    .describe("messages of another type than ADT: AR, or AA without storing them"),
  processing_ids: z
    .array(z.enum(["P", "T", "D"]))
    .min(1)
    .default(["P"])
    .describe("MSH-11 of the messages taken: production, training, debugging; AR for others"),
  order: z
    .enum(["feed", "patient"])
    .default("feed")
    .describe("what is processed strictly in order: the whole feed, or what concerns one patient (PID-3)"),
  batch_answer: z
    .enum(["messages", "batch"])
    .default("messages")
    .describe("a batch (FHS, BHS) is answered message by message, or by one batch of acknowledgements"),
  charset: z
    .enum(CHARSETS as [string, ...string[]])
    .optional()
    .describe("encoding of the bytes where MSH-18 says it wrong"),
  on_misfit: z
    .enum(["recognise", "refuse"])
    .default("recognise")
    .describe("bytes that are not in the set MSH-18 names: read as what they are, or AR"),
  tls: z
    .strictObject({
      cert: file.describe("PEM file of our certificate"),
      key: file.describe("PEM file of its key"),
      ca: file.optional().describe("PEM file of CAs: clients must show a certificate of one of them (IHE ITI-19)"),
      crl: file.optional().describe("PEM file of the revocation lists of these CAs"),
    })
    .optional()
    .describe("TLS; files that change are used from the next connection on"),
  insecure: z
    .string()
    .min(10)
    .optional()
    .describe("why it listens off this machine without TLS; the journal keeps it with every deployment"),
  senders: senders.optional().describe("who may send; without it, everybody who reaches the port"),
  max_connections: z.coerce
    .number()
    .int()
    .positive()
    .default(20)
    .describe("connections at a time; one more is closed without an answer"),
});

export const mllpSourceConfig = members.superRefine(({ host, tls, insecure, senders: allowed }, context) => {
  if (!isLoopback(host) && !tls && insecure === undefined) {
    const message = "Plain TCP off this machine: give it tls, or say why not: insecure: <reason>";
    context.addIssue({ code: "custom", path: ["host"], message });
  }
  if (allowed?.certificates && tls?.ca === undefined) {
    const message = "Nobody is asked for a certificate without tls.ca";
    context.addIssue({ code: "custom", path: ["senders", "certificates"], message });
  }
});

export type MllpSourceConfig = z.output<typeof mllpSourceConfig>;
