import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { FRAME_END, FRAME_START, FrameDecoder } from "#src/hl7/frame.ts";
import { parseHl7, type ParsedMessage } from "#src/hl7/parse.ts";
import type { MessageDraft } from "#src/message/message.ts";
import { mllpSource } from "#src/sources/mllp/source.ts";
import type { Accepted } from "#src/sources/source.ts";

type Settled = Awaited<ReturnType<Accepted["settled"]>>;

export const HEADER = "MSH|^~\\&|KIS|HOSPITAL|BOTENSTOFF||20260101120000+0100||ADT^A01^ADT_A01|C1|P|2.5.1";

export function framed(message: string | Buffer): Buffer {
  return Buffer.concat([FRAME_START, Buffer.from(message), FRAME_END]);
}

/** A batch is read by whoever sent one. */
function isMessage(frame: Buffer): boolean {
  return !["FHS", "BHS"].includes(frame.toString("latin1", 0, 3));
}

/** A sender on a bare socket: what it writes and what it is answered. */
export class Sender {
  readonly socket: Socket;
  readonly #answers: ParsedMessage[] = [];
  readonly raw: Buffer[] = [];
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    const decoder = new FrameDecoder(1 << 20);
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      const frames = decoder.push(chunk);
      this.raw.push(...frames);
      this.#answers.push(...frames.filter(isMessage).map((frame) => parseHl7(frame)));
      this.#wake();
    });
    socket.on("close", () => this.#wake());
  }

  write(bytes: Buffer | string): void {
    this.socket.write(bytes);
  }

  /** The next answer; undefined when the connection ends without one. */
  async answer(): Promise<ParsedMessage | undefined> {
    for (;;) {
      const answer = this.#answers.shift();
      if (answer || this.socket.destroyed) return answer;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Sends one message and gives MSA-1, MSA-2 and the errors of its answer. */
  async ask(message: string | Buffer): Promise<string[]> {
    this.write(framed(message));
    return said(await this.answer());
  }
}

/** What an acknowledgement says, as `code controlId`, and `error segment field` for each ERR. */
export function said(answer: ParsedMessage | undefined): string[] {
  if (!answer) return [];
  const errors = answer.segments.filter((name) => name === "ERR");
  return [
    `${answer.value("MSA", 1)} ${answer.value("MSA", 2)}`.trim(),
    ...errors.map((_, nth) =>
      [answer.value("ERR", 3, 1, nth), answer.value("ERR", 2, 1, nth), answer.value("ERR", 2, 3, nth)].join(" ").trim(),
    ),
  ];
}

export interface Receiver extends AsyncDisposable {
  readonly port: number;
  readonly stored: MessageDraft[];
  readonly counted: Map<string, number>;
  readonly logged: { event: string; fields: unknown }[];
  /** What becomes of the next messages; "filed" when none is said. */
  readonly outcomes: (Settled | "store is down")[];
  connect(): Promise<Sender>;
}

/** The listener with a store that keeps drafts in memory. */
export async function openReceiver(settings: object = {}): Promise<Receiver> {
  const stored: MessageDraft[] = [];
  const counted = new Map<string, number>();
  const logged: { event: string; fields: unknown }[] = [];
  const outcomes: (Settled | "store is down")[] = [];
  const source = mllpSource.open(mllpSource.config.parse({ type: "mllp", port: 0, ...settings }), {
    channel: "adt",
    log: (_level, event, fields) => void logged.push({ event, fields }),
    count: (event, by = 1) => void counted.set(event, (counted.get(event) ?? 0) + by),
    gauge: () => undefined,
  });
  const listener = await source.listen?.(async (_event, { messages }) => {
    const outcome = outcomes.shift() ?? { state: "filed" };
    if (outcome === "store is down") throw new Error("down");
    const known = new Set(stored.map(({ externalId }) => externalId));
    stored.push(...messages);
    return {
      messages: messages.map(({ externalId }) => ({ id: externalId, duplicate: known.has(externalId) })),
      settled: async () => outcome,
    };
  });
  if (!listener) throw new Error("the source does not listen");
  const sockets: Socket[] = [];
  return {
    port: listener.port,
    stored,
    counted,
    logged,
    outcomes,
    connect: async () => {
      const socket = connect({ host: "127.0.0.1", port: listener.port });
      sockets.push(socket);
      await once(socket, "connect");
      return new Sender(socket);
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await listener.close();
      await source.close();
    },
  };
}
