import { batch, imageUpdate, sign, textUpdate, type Update } from "#src/simulators/whatsapp-cloud/payload.ts";
import type { Deployed } from "../arena.ts";
import { answerCalls } from "../child.ts";
import { latencyOf, type Latency } from "../latency.ts";
import { phoneOf, writeMarker } from "../marker.ts";
import { HttpConnection } from "../http-connection.ts";

/** What to post. */
export interface WebhookPlan {
  readonly appSecret: string;
  readonly messages: number;
  readonly conversations: number;
  readonly connections: number;
  /** Channels the messages are spread over, by conversation. */
  readonly channels: readonly Deployed[];
  /** Only bytes, so many in each request: what a baseline passes on without looking. */
  readonly bareBytes?: number;
  /** An image in every message instead of a text. */
  readonly image?: { readonly mediaId: string; readonly sha256: string };
}

/** Where to post it, and how fast: as fast as the answers come, or at a fixed rate. */
export interface WebhookRun {
  /** One port per engine; a conversation stays with its engine. */
  readonly ports: readonly number[];
  readonly perSecond?: number;
}

export interface LoadReport {
  readonly answers: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** From when a request was due to its answer. */
  readonly latency: Latency;
}

const FILLER =
  "Guten Tag, die Wunde am linken Fuß nässt seit gestern wieder stärker und ist am Rand gerötet. Soll ich vorbeikommen?";

interface Queue {
  readonly requests: Buffer[];
  position: number;
}

/** One queue per connection: a conversation always takes the same, so its messages are posted in order. */
let queues: Queue[] = [];
const ordinals = new Map<number, number>();

function prepare(plan: WebhookPlan): void {
  const bare =
    plan.bareBytes === undefined ? undefined : post(plan.channels[0]?.id ?? "", {}, Buffer.alloc(plan.bareBytes, "A"));
  queues = Array.from({ length: plan.connections }, () => ({ requests: [], position: 0 }));
  for (let index = 0; index < plan.messages; index += 1) {
    const conversation = index % plan.conversations;
    const ordinal = ordinals.get(conversation) ?? 0;
    ordinals.set(conversation, ordinal + 1);
    const channel = plan.channels[conversation % plan.channels.length];
    if (!channel) throw new Error("a plan needs a channel");
    queues[conversation % plan.connections]?.requests.push(bare ?? request(plan, channel, conversation, ordinal));
  }
}

function request(plan: WebhookPlan, channel: Deployed, conversation: number, ordinal: number): Buffer {
  const from = phoneOf(conversation);
  const text = writeMarker({ conversation, ordinal });
  const envelope = { from, name: "Erika Musterfrau" };
  const update: Update = plan.image
    ? imageUpdate({ ...envelope, ...plan.image, mimeType: "image/jpeg", caption: text })
    : textUpdate({ ...envelope, body: `${text} ${FILLER}` });
  const { body, headers } = sign(batch(channel.phoneNumberId, [update]), plan.appSecret);
  return post(channel.id, headers, body);
}

function post(channel: string, headers: Readonly<Record<string, string>>, body: Buffer): Buffer {
  const lines = [
    `POST /webhooks/${channel} HTTP/1.1`,
    "host: 127.0.0.1",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), body]);
}

async function run({ ports, perSecond }: WebhookRun): Promise<LoadReport> {
  const connections = await Promise.all(
    queues.map((_, index) => HttpConnection.open(ports[index % ports.length] ?? 0)),
  );
  const answers: Record<string, number> = {};
  const samples: number[] = [];
  const started = performance.now();
  const send = async (index: number, due: number): Promise<void> => {
    const queue = queues[index];
    const next = queue?.requests[queue.position];
    if (!queue || !next) return;
    queue.position += 1;
    const status = await connections[index]?.exchange(next);
    samples.push(performance.now() - due);
    answers[String(status)] = (answers[String(status)] ?? 0) + 1;
  };
  await (perSecond === undefined ? asFastAsAnswered(send) : atRate(perSecond, send));
  const seconds = (performance.now() - started) / 1_000;
  for (const connection of connections) connection.close();
  queues = [];
  return { answers, seconds, latency: latencyOf(samples) };
}

async function asFastAsAnswered(send: (index: number, due: number) => Promise<void>): Promise<void> {
  await Promise.all(
    queues.map(async (queue, index) => {
      while (queue.position < queue.requests.length) await send(index, performance.now());
    }),
  );
}

/** Open loop: what is due is due, however slow the answers are (no coordinated omission). */
async function atRate(perSecond: number, send: (index: number, due: number) => Promise<void>): Promise<void> {
  const total = queues.reduce((sum, { requests }) => sum + requests.length, 0);
  const started = performance.now();
  const chains = queues.map(() => Promise.resolve());
  let posted = 0;
  while (posted < total) {
    const wanted = Math.min(total, Math.floor(((performance.now() - started) / 1_000) * perSecond));
    for (; posted < wanted; posted += 1) {
      const index = posted % queues.length;
      const due = started + (posted * 1_000) / perSecond;
      chains[index] = (chains[index] ?? Promise.resolve()).then(() => send(index, due));
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await Promise.all(chains);
}

answerCalls({
  prepare,
  run,
  /** Conversations begin anew: what was posted so far went elsewhere. */
  forget: () => ordinals.clear(),
});
