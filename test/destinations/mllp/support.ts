import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { MllpBehaviour } from "#src/simulators/kis/mllp-answer.ts";
import { startKisMllp, type KisMllp, type KisMllpOptions } from "#src/simulators/kis/mllp.ts";
import type { Destination, Job, Receipt } from "#src/destinations/destination.ts";
import { mllpDestination } from "#src/destinations/mllp/destination.ts";
import type { Hl7Message } from "#src/hl7/message.ts";
import { BotenstoffError } from "#src/message/error-code.ts";

export const NEVER = new AbortController().signal;

/** What an MDM asks for: MSH-15, MSH-16, MSH-18, and its content. */
export interface MdmOptions {
  readonly accept?: string;
  readonly application?: string;
  readonly charset?: string;
  readonly text?: string;
  readonly blob?: string;
  readonly lane?: string;
  readonly repeated?: boolean;
}

/** An MDM with control id and document number `id`. */
export function mdm(id: string, options: MdmOptions = {}): Hl7Message {
  const { accept = "", application = "", charset = "UNICODE UTF-8", text = "Guten Tag", blob } = options;
  const content = blob === undefined ? ["TX", text] : ["ED", ["", "IM", "JPEG", "Base64", { blob }]];
  return {
    segments: [
      {
        name: "MSH",
        // MSH-3 to MSH-18.
        fields: [
          ..."BOTENSTOFF,,KIS,,20260101".split(","),
          "",
          ["MDM", "T02", "MDM_T02"],
          id,
          "P",
          "2.5.1",
          "",
          "",
          accept,
          application,
          "",
          charset,
        ],
      },
      { name: "PID", fields: ["1", "", "P-1"] },
      { name: "TXA", fields: ["1", "CN", "TX", ...Array<string>(8).fill(""), id] },
      { name: "OBX", fields: ["1", content[0], "TEXT", "1", content[1]] },
    ],
  };
}

export function jobOf(output: Hl7Message, lane = "lane", blobs: ReadonlyMap<string, Buffer> = new Map()): Job {
  return {
    messageId: "message",
    output,
    lane,
    openBlob: (id) => Readable.from(chunksOf(blobs.get(id) ?? Buffer.alloc(0))),
  };
}

function* chunksOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

export interface World extends AsyncDisposable {
  readonly kis: KisMllp;
  readonly destination: Destination;
  readonly counted: Map<string, number>;
  readonly logged: { event: string; fields: unknown }[];
  readonly gauges: Map<string, () => number | undefined>;
  /** Sends one MDM, the KIS behaving as told. */
  send(id: string, options?: MdmOptions, ...behaviours: MllpBehaviour[]): Promise<Receipt>;
}

/** A KIS and a destination that points at it, with short time-outs. */
export async function openWorld(settings: object = {}, options: Partial<KisMllpOptions> = {}): Promise<World> {
  const kis = await startKisMllp({ host: "127.0.0.1", port: 0, ...options });
  const counted = new Map<string, number>();
  const logged: { event: string; fields: unknown }[] = [];
  const gauges = new Map<string, () => number | undefined>();
  const config = mllpDestination.config.parse({ type: "mllp", host: "127.0.0.1", port: kis.port, ...settings });
  const destination = mllpDestination.open(config, {
    channel: "channel",
    destination: "archive",
    log: (_level, event, fields) => void logged.push({ event, fields }),
    count: (event, by = 1) => void counted.set(event, (counted.get(event) ?? 0) + by),
    gauge: (name, labels, read) => void gauges.set(`${name} ${Object.values(labels).join(" ")}`, read),
    applyToDirectory: () => Promise.reject(new Error("not here")),
  });
  return {
    kis,
    destination,
    counted,
    logged,
    gauges,
    send: (id, mdmOptions = {}, ...behaviours) => {
      kis.behave(behaviours);
      const job = jobOf(mdm(id, mdmOptions), mdmOptions.lane);
      return destination.send({ ...job, repeated: mdmOptions.repeated ?? false }, NEVER);
    },
    [Symbol.asyncDispose]: async () => {
      await destination.close();
      await kis.close();
    },
  };
}

/** The error an attempt ends with; fails the test when it succeeds. */
export async function failure(attempt: Promise<unknown>): Promise<BotenstoffError> {
  const error: unknown = await attempt.then(
    () => new Error("it succeeded"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof BotenstoffError)) throw error;
  return error;
}

/** Waits for something another process of the same machine does; fails by the test's own time limit. */
export async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await sleep(5);
}
