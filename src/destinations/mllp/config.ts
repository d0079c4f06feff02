import { z } from "zod";
import { CONSEQUENCES } from "#src/hl7/ack-consequence.ts";
import { CHARSETS } from "#src/hl7/charset.ts";
import { tlsMember } from "#src/wire/tls/client-tls.ts";

const port = z.coerce.number().int().max(65_535);
const seconds = z.coerce.number().positive();
/** What is filled in for `${NAME}` is text. */
const truth = z.preprocess((said) => (said === "true" ? true : said === "false" ? false : said), z.boolean());

export const mllpDestinationConfig = z.strictObject({
  type: z.literal("mllp"),
  host: z.string().min(1).describe("host name or address of the receiver"),
  port: port.min(1).describe("its TCP port"),
  connect_timeout_secs: seconds.default(10).describe("how long connecting may take, TLS included"),
  ack_timeout_secs: seconds.default(30).describe("how long to wait for the acknowledgement"),
  application_ack_timeout_secs: seconds
    .default(300)
    .describe("how long to wait, after CA, for the application acknowledgement MSH-16 asks for"),
  application_acks: z
    .strictObject({
      host: z.string().default("127.0.0.1").describe("address to listen on"),
      port: port.min(0).describe("port the receiver sends application acknowledgements to"),
    })
    .optional()
    .describe("the receiver sends AA, AE and AR over a connection of its own; without it they come on ours"),
  max_idle_secs: seconds
    .default(300)
    .describe("a connection unused for longer is opened anew: a firewall may have forgotten it"),
  keep_open: truth
    .default(true)
    .describe("false: a new connection for each message, as receivers want who hang up after each"),
  connections: z.coerce.number().int().min(1).max(32).default(1).describe("connections the receiver allows at once"),
  charset: z
    .enum(CHARSETS as [string, ...string[]])
    .optional()
    .describe("encoding of the bytes where it is not what MSH-18 says"),
  on_unencodable: z
    .enum(["replace", "transliterate", "refuse"])
    .default("replace")
    .describe('characters the charset does not hold: write ?, spell them (EUR for €, " for „), or fail the delivery'),
  on_reject: z
    .enum(["stop", "park"])
    .default("stop")
    .describe("after AR or CR without a reason in the content: stop the destination, or park the one message"),
  answers: z
    .record(
      z.string().regex(/^(?:[AC][ER]|[A-Z]{0,6}[-_]?\d{1,5})$/, "Expected AE, AR, CE, CR or an error code such as 204"),
      z.enum(CONSEQUENCES),
    )
    .default({})
    .describe("what this receiver means by an error code or by MSA-1, where that is not what table 0357 says"),
  settle_on_write: truth
    .default(false)
    .describe("MSH-15 and MSH-16 ask for no acknowledgement: take a written message for accepted"),
  tls: tlsMember.optional().describe("TLS (IHE ITI-19); cert and key for mutual TLS"),
});

export type MllpDestinationConfig = z.output<typeof mllpDestinationConfig>;
