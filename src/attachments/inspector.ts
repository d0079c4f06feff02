import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { PdfTrait } from "#src/message/attachment.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { unreadable } from "./byte-reader.ts";
import { END, frame, framesOf, lengthOf, type Finding, type Task } from "./inspector-frames.ts";
import { Turnstile } from "./turnstile.ts";
import { drained } from "./write.ts";

export interface RenderedPreview {
  readonly jpeg: Buffer;
  readonly width: number;
  readonly height: number;
}

/** Reads files in a process of its own, where a hostile one can hurt nothing but that process. */
export interface Inspector {
  /**
   * Decodes a JPEG, PNG or WebP and renders a small upright preview.
   * @throws BotenstoffError MEDIA_UNREADABLE, INSPECTOR_UNAVAILABLE
   */
  image(open: () => AsyncIterable<Buffer>, signal: AbortSignal): Promise<RenderedPreview>;
  /**
   * Decodes a HEIC and renders it whole, as an upright JPEG.
   * @throws BotenstoffError MEDIA_UNREADABLE, INSPECTOR_UNAVAILABLE
   */
  heic(open: () => AsyncIterable<Buffer>, signal: AbortSignal): Promise<RenderedPreview>;
  /** Checks header and trailer, and tells what is in it. @throws BotenstoffError MEDIA_UNREADABLE, INSPECTOR_UNAVAILABLE */
  pdf(open: () => AsyncIterable<Buffer>, signal: AbortSignal): Promise<readonly PdfTrait[]>;
  /** Ends the processes; the work they had fails. */
  close(): void;
}

interface InspectorOptions {
  readonly processes?: number;
  /** Milliseconds for one file. */
  readonly timeoutMs?: number;
  readonly maxPixels?: number;
}

interface Answer {
  readonly finding: Finding;
  readonly preview: Buffer;
}

interface Reader {
  readonly child: ChildProcessWithoutNullStreams;
  readonly answers: AsyncGenerator<Buffer>;
  served: number;
}

const PROGRAM = fileURLToPath(new URL("inspector-process.ts", import.meta.url));
/** Node reserves 570 MB of data it never touches; what is left beyond is for decoding, e.g. 100 megapixels progressive. */
const DATA_LIMIT_KB = 1_300_000;
const HEAP_MB = 192;
/** No core dump, no file written, data limited: what POSIX lets every process say of itself. */
const LIMITED = `ulimit -d ${DATA_LIMIT_KB}; ulimit -c 0; ulimit -f 0; exec "$0" "$@"`;
/** A process that has read many strangers' files is replaced by a fresh one: starting and warming up costs 250 ms of CPU. */
const FILES_PER_PROCESS = 1_000;
/** Handed to the operating system at once. */
const TOGETHER = 256 * 1024;
const START_MS = 20_000;
const PREVIEW_PIXELS = 512;
/** A JPEG of as many pixels as are allowed. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** A small pool of reader processes, started when first needed. */
export function createInspector(options: InspectorOptions = {}): Inspector {
  const { processes = 2, timeoutMs = 60_000, maxPixels = 120_000_000 } = options;
  const turnstile = new Turnstile(processes);
  const idle: Reader[] = [];
  const alive = new Set<Reader>();
  let closed = false;

  async function take(): Promise<Reader> {
    for (let reader = idle.pop(); reader; reader = idle.pop()) {
      if (reader.child.exitCode === null && reader.child.signalCode === null) return reader;
      alive.delete(reader);
    }
    const reader = await start();
    alive.add(reader);
    return reader;
  }

  function giveBack(reader: Reader): void {
    reader.served += 1;
    if (closed || reader.served >= FILES_PER_PROCESS) drop(reader);
    else idle.push(reader);
  }

  function drop(reader: Reader): void {
    alive.delete(reader);
    reader.child.kill("SIGKILL");
  }

  /** One file, one process; undefined when the process died of it. */
  async function attempt(task: Task, bytes: AsyncIterable<Buffer>, signal: AbortSignal): Promise<Answer | undefined> {
    if (closed) throw new BotenstoffError("INSPECTOR_UNAVAILABLE", "reading an attachment: the engine is stopping");
    const reader = await take();
    if (signal.aborted) giveBack(reader);
    signal.throwIfAborted();
    const clock = AbortSignal.timeout(timeoutMs);
    const stop = () => drop(reader);
    for (const reason of [signal, clock]) reason.addEventListener("abort", stop, { once: true });
    let answer: Answer | undefined;
    try {
      answer = await converse(reader, task, bytes);
    } finally {
      for (const reason of [signal, clock]) reason.removeEventListener("abort", stop);
      if (answer) giveBack(reader);
      else drop(reader);
    }
    if (answer) return answer;
    signal.throwIfAborted();
    if (clock.aborted) throw unreadable(`it takes longer than ${timeoutMs / 1_000} s to read`);
    return undefined;
  }

  /** A process may die of something else (memory of the machine, a predecessor); the file is blamed at the second death. */
  async function inspect(task: Task, open: () => AsyncIterable<Buffer>, signal: AbortSignal) {
    const answer =
      (await turnstile.run(() => attempt(task, open(), signal))) ??
      (await turnstile.run(() => attempt(task, open(), signal)));
    if (!answer) throw unreadable("the process that reads it dies of it");
    if ("fault" in answer.finding) throw unreadable(answer.finding.fault);
    return answer;
  }

  return {
    image: async (open, signal) => {
      const { finding, preview } = await inspect(
        { read: "image", maxPixels, previewPixels: PREVIEW_PIXELS },
        open,
        signal,
      );
      if (!("width" in finding)) throw unreadable("the process that reads it gave no preview");
      return { jpeg: preview, width: finding.width, height: finding.height };
    },
    heic: async (open, signal) => {
      const { finding, preview } = await inspect({ read: "heic", maxPixels }, open, signal);
      if (!("width" in finding)) throw unreadable("the process that reads it gave no picture");
      return { jpeg: preview, width: finding.width, height: finding.height };
    },
    pdf: async (open, signal) => {
      const { finding } = await inspect({ read: "pdf" }, open, signal);
      if (!("traits" in finding)) throw unreadable("the process that reads it said nothing about it");
      return finding.traits;
    },
    close: () => {
      closed = true;
      for (const reader of alive) drop(reader);
    },
  };
}

/** Starts a reader and waits for its first sign of life. */
async function start(): Promise<Reader> {
  const child = spawn("/bin/sh", ["-c", LIMITED, process.execPath, `--max-old-space-size=${HEAP_MB}`, PROGRAM], {
    env: {},
    cwd: "/",
    stdio: "pipe",
  });
  child.stderr.resume();
  // A pipe that breaks shows as an answer that does not come.
  for (const stream of [child, child.stdin, child.stdout]) stream.on("error", () => undefined);
  const answers = framesOf(child.stdout as AsyncIterable<Buffer>, MAX_ANSWER_BYTES);
  const timer = setTimeout(() => child.kill("SIGKILL"), START_MS);
  const ready = await next(answers);
  clearTimeout(timer);
  if (ready) return { child, answers, served: 0 };
  child.kill("SIGKILL");
  throw new BotenstoffError("INSPECTOR_UNAVAILABLE", "reading an attachment: the process for it does not start");
}

/** Hands a file over and takes the finding; undefined when the process ended on the way. */
async function converse(
  { child, answers }: Reader,
  task: Task,
  bytes: AsyncIterable<Buffer>,
): Promise<Answer | undefined> {
  const { stdin } = child;
  stdin.cork();
  stdin.write(frame(Buffer.from(JSON.stringify(task))));
  for await (const chunk of bytes) {
    if (chunk.length === 0) continue;
    stdin.write(lengthOf(chunk));
    stdin.write(chunk);
    if (stdin.writableLength < TOGETHER) continue;
    stdin.uncork();
    await drained(stdin);
    if (stdin.destroyed) return undefined;
    stdin.cork();
  }
  stdin.write(END);
  stdin.uncork();
  const [finding, preview] = [await next(answers), await next(answers)];
  if (!finding || !preview) return undefined;
  return { finding: JSON.parse(finding.toString("utf8")) as Finding, preview };
}

async function next(answers: AsyncGenerator<Buffer>): Promise<Buffer | undefined> {
  try {
    const answer = await answers.next();
    return answer.done ? undefined : answer.value;
  } catch {
    return undefined;
  }
}
