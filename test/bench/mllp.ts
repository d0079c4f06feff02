import { fork } from "node:child_process";
import { hash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Readable } from "node:stream";
import type { Outgoing } from "#src/wire/mllp/connection.ts";
import { FRAME_END, FRAME_START } from "#src/hl7/frame.ts";
import { MllpSender } from "#src/wire/mllp/sender.ts";
import { machine } from "./machine.ts";

/**
 * `npm run bench:mllp`: the MLLP sender and decoder as ratios to bare sockets in the same run. Both sides take short
 * turns, so that a busy moment of the machine hits both; a figure compares the medians of the turns.
 */
const ROUNDS = 101;
const FS = 0x1c;
const MIB = 1024 * 1024;
const HEADER = "MSH|^~\\&|A|B|C|D|20260101||MDM^T02^MDM_T02|C1|P|2.5.1\r";
const NEVER = new AbortController().signal;

interface Figure {
  readonly what: string;
  readonly target: string;
  readonly got: string;
  readonly met: boolean;
}

const sink = fork(new URL("./processes/mllp-ack-sink.ts", import.meta.url));
const [ports] = (await once(sink, "message")) as [[number, number]];
const [barePort, decodingPort] = ports;
const figures: Figure[] = [];
try {
  // Memory first: what the other measurements allocate would hide it.
  figures.push(await memory());
  figures.push(await serial("1 KB, serial", 100, small(), 0.7));
  figures.push(await serial("2 MB image as ED, serial", 1, image(), 0.7));
  figures.push(await decoding());
} finally {
  sink.disconnect();
}

const { cpu, cores, node, load } = machine();
process.stdout.write(`${cores} cores of ${cpu}, node ${node}, load average ${load}\n`);
for (const { what, target, got, met } of figures) {
  process.stdout.write(`  ${what}: ${got} (target ${target}) ${met ? "met" : "MISSED"}\n`);
}

/** A message as the engine sends it, and how a bare socket gets the same bytes. */
interface Subject {
  readonly outgoing: Outgoing;
  /** Ready-made before the measurement. */
  readonly frame: Buffer;
  /** The same work as the engine's: base64 of an image, and the SHA-256 of what is sent, which the receipt needs. */
  make(): Buffer;
}

function small(): Subject {
  const message = Buffer.from(`${HEADER}OBX|1|TX|TEXT||${"x".repeat(1024 - HEADER.length - 17)}\r`);
  return subject([message], () => message);
}

function image(): Subject {
  const bytes = randomBytes(2 * MIB);
  const [head, tail] = [Buffer.from(`${HEADER}OBX|1|ED|IMAGE||^IM^JPEG^Base64^`), Buffer.from("||||||F\r")];
  const encode = () => Buffer.concat([head, Buffer.from(bytes.toString("base64"), "latin1"), tail]);
  return subject([head, { blob: "image" }, tail], encode, bytes);
}

function subject(pieces: Outgoing["pieces"], encode: () => Buffer, blob?: Buffer): Subject {
  const make = () => {
    const message = encode();
    hash("sha256", message);
    return Buffer.concat([FRAME_START, message, FRAME_END]);
  };
  return { outgoing: outgoing(pieces, blob), frame: make(), make };
}

function outgoing(pieces: Outgoing["pieces"], blob: Buffer = Buffer.alloc(0)): Outgoing {
  return { pieces, controlId: "C1", expects: "answer", openBlob: () => stream(blob), consequence: () => "done" };
}

/** As the blob store gives it. */
function stream(bytes: Buffer): Readable {
  return Readable.from(
    (function* () {
      for (let at = 0; at < bytes.length; at += 64 * 1024) yield bytes.subarray(at, at + 64 * 1024);
    })(),
  );
}

function openSender(connections: number): MllpSender {
  const times = {
    connectTimeoutMs: 10_000,
    ackTimeoutMs: 60_000,
    applicationAckTimeoutMs: 60_000,
    maxIdleMs: 600_000,
    keepOpen: true,
  };
  return new MllpSender({ host: "127.0.0.1", port: barePort, ...times }, connections);
}

async function serial(what: string, count: number, subject: Subject, target: number): Promise<Figure> {
  const sender = openSender(1);
  const socket = await open(barePort);
  const ours = () => repeat(count, () => sender.send(subject.outgoing, "lane", NEVER));
  const bare = () => repeat(count, () => exchange(socket, subject.make()));
  const readyMade = () => repeat(count, () => exchange(socket, subject.frame));
  const { ratio, perSecond } = await compare(ours, bare, count);
  const against = await compare(ours, readyMade, count);
  sender.close();
  socket.destroy();
  const also = `; ${against.ratio.toFixed(2)} of a frame made beforehand, unhashed`;
  return { what, target: `≥ ${target}`, got: `${ratio.toFixed(2)} (${perSecond}/s${also})`, met: ratio >= target };
}

/** The same bare sender, once to a receiver that looks for FS only and once to one with the engine's decoder. */
async function decoding(): Promise<Figure> {
  const frame = Buffer.concat([FRAME_START, Buffer.from(HEADER), Buffer.alloc(20 * MIB, "x"), FRAME_END]);
  const [bareSocket, decodingSocket] = [await open(barePort), await open(decodingPort)];
  const { ratio, perSecond } = await compare(
    () => repeat(1, () => exchange(decodingSocket, frame)),
    () => repeat(1, () => exchange(bareSocket, frame)),
    1,
  );
  bareSocket.destroy();
  decodingSocket.destroy();
  const got = `${ratio.toFixed(2)} (${perSecond}/s)`;
  return { what: "decoder, 20 MB message", target: "≥ 0.5", got, met: ratio >= 0.5 };
}

async function memory(): Promise<Figure> {
  const { outgoing: picture } = image();
  const { outgoing: text } = small();
  const sender = openSender(8);
  await repeat(200, () => sender.send(text, "warm up", NEVER));
  const idle = process.memoryUsage.rss();
  let most = idle;
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5);
  const lanes = Array.from({ length: 8 }, (_, lane) => repeat(25, () => sender.send(picture, `lane ${lane}`, NEVER)));
  await Promise.all(lanes);
  clearInterval(timer);
  sender.close();
  const above = Math.round((most - idle) / MIB);
  return {
    what: "memory for 2 MB images from 8 lanes",
    target: "≤ 150 MB above idle",
    got: `${above} MB`,
    met: above <= 150,
  };
}

/** The median time of the bare turns by that of ours. */
async function compare(ours: () => Promise<void>, bare: () => Promise<void>, count: number) {
  const [mine, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    theirs.push(await time(bare));
    mine.push(await time(ours));
  }
  return { ratio: median(theirs) / median(mine), perSecond: Math.round((count * 1_000) / median(mine)) };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

async function time(run: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

async function repeat(count: number, once: () => Promise<unknown>): Promise<void> {
  for (let nth = 0; nth < count; nth += 1) await once();
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  await once(socket, "connect");
  return socket;
}

function exchange(socket: Socket, frame: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const read = (chunk: Buffer) => {
      if (!chunk.includes(FS)) return;
      socket.off("data", read);
      resolve();
    };
    socket.on("data", read);
    socket.write(frame);
  });
}
