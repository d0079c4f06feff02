import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { answerCalls } from "../child.ts";
import { latencyOf, type Latency } from "../latency.ts";
import { writeMarker } from "../marker.ts";

/** Messages of about 1 KB, each key's in order on one connection, one in flight per connection. */
export interface MllpRun {
  readonly port: number;
  readonly messages: number;
  readonly keys: number;
  readonly connections: number;
}

export interface MllpLoadReport {
  readonly accepted: number;
  readonly latency: Latency;
}

const FILLER = "Wundheilung verzögert, Verbandswechsel täglich, Kontrolle in drei Tagen. ".repeat(10).trim();
const ordinals = new Map<number, number>();
let messagesSoFar = 0;

async function run({ port, messages, keys, connections }: MllpRun): Promise<MllpLoadReport> {
  const queues = Array.from({ length: connections }, (): Buffer[] => []);
  for (let index = 0; index < messages; index += 1) {
    const key = index % keys;
    const ordinal = ordinals.get(key) ?? 0;
    ordinals.set(key, ordinal + 1);
    messagesSoFar += 1;
    queues[key % connections]?.push(frame(key, ordinal, messagesSoFar));
  }
  const samples: number[] = [];
  let accepted = 0;
  await Promise.all(
    queues.map(async (queue) => {
      const socket = await dial(port);
      for (const message of queue) {
        const started = performance.now();
        if ((await exchange(socket, message)).includes("\rMSA|AA|")) accepted += 1;
        samples.push(performance.now() - started);
      }
      socket.destroy();
    }),
  );
  return { accepted, latency: latencyOf(samples) };
}

function frame(key: number, ordinal: number, id: number): Buffer {
  const text = `${writeMarker({ conversation: key, ordinal })} ${FILLER}`;
  return Buffer.from(
    `\x0bMSH|^~\\&|LOAD|H|||20260101000000||ADT^A08^ADT_A01|L${id}|P|2.5.1|||||||UNICODE UTF-8\rEVN||20260101000000\r` +
      `PID|1||P${key}^^^1.2.276.0.76.4.1^PI||Musterfrau^Erika||19640812|F\rPV1|1|I\rOBX|1|TX|NOTE||${text}||||||F\r\x1c\r`,
  );
}

async function dial(port: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port });
  await once(socket, "connect");
  return socket.setNoDelay(true);
}

async function exchange(socket: Socket, message: Buffer): Promise<string> {
  socket.write(message);
  let answer = "";
  while (!answer.endsWith("\x1c\r")) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    answer += chunk.toString("latin1");
  }
  return answer;
}

answerCalls({ run });
