/** What one frame holds, cut by its segments. */
export interface Cut {
  /** Whether the messages stand in a batch or a file of batches (FHS, BHS; HL7 v2.5.1 §2.10.3). */
  readonly batch: boolean;
  /** FHS, as it stands. */
  readonly file?: Buffer;
  /** One of a frame without FHS and BHS; a frame that is no HL7 is one as well. */
  readonly groups: readonly Group[];
}

/** A batch, or what stands outside of one. */
export interface Group {
  /** BHS, as it stands. */
  readonly header?: Buffer;
  readonly messages: readonly Buffer[];
  /** BTS-1: how many messages the sender counted; absent where it does not say. */
  readonly counted?: number;
}

const CR = 0x0d;
const LF = 0x0a;
const BOM = Buffer.from("\uFEFF");
const ENVELOPE = new Set(["FHS", "BHS", "BTS", "FTS"]);

/**
 * Takes a batch apart by the bytes alone, for every message of it may be in a character set of its own. A frame that does
 * not begin with FHS or BHS is one message, whatever is in it.
 */
export function cutFrame(frame: Buffer): Cut {
  const alone: Cut = { batch: false, groups: [{ messages: [frame] }] };
  if (!["FHS", "BHS"].includes(nameAt(frame, startOf(frame)))) return alone;
  const groups: { header?: Buffer; messages: Buffer[]; counted?: number }[] = [];
  let file: Buffer | undefined;
  let from: number | undefined;
  const last = () => groups.at(-1) ?? groups[groups.push({ messages: [] }) - 1];
  const end = (at: number) => {
    if (from !== undefined) last()?.messages.push(frame.subarray(from, at));
    from = undefined;
  };
  for (const [start, stop] of lines(frame)) {
    const name = nameAt(frame, start);
    if (name !== "MSH" && !ENVELOPE.has(name)) continue;
    end(start);
    const line = frame.subarray(start, stop);
    if (name === "FHS") file = line;
    else if (name === "BHS") groups.push({ header: line, messages: [] });
    else if (name === "MSH") from = start;
    else if (name === "BTS") setCount(last(), line);
  }
  end(frame.length);
  return { batch: true, ...(file && { file }), groups };
}

/** The answers to a cut batch: a batch of acknowledgements in the same envelope (HL7 v2.5.1 §2.10.3.3). */
export function buildBatchAck(
  { file, groups }: Cut,
  answers: readonly (readonly Buffer[])[],
  at: Date,
  controlId: string,
): Buffer {
  const parts: Buffer[] = file ? [answerTo(file, at, controlId)] : [];
  for (const [index, { header, messages, counted }] of groups.entries()) {
    const acks = answers[index] ?? [];
    const missing = counted !== undefined && counted !== messages.length;
    const comment = missing ? `|${messages.length} messages came, BTS-1 says ${counted}` : "";
    parts.push(...(header ? [answerTo(header, at, controlId)] : []), ...acks);
    if (header) parts.push(Buffer.from(`BTS|${acks.length}${comment}\r`));
  }
  if (file) parts.push(Buffer.from(`FTS|${groups.filter(({ header }) => header).length}\r`));
  return Buffer.concat(parts);
}

/** FHS or BHS of an answer: sender and receiver swapped, the id of what is answered in the twelfth field. */
function answerTo(header: Buffer, at: Date, controlId: string): Buffer {
  const text = header.toString("latin1");
  const separator = text[3] ?? "|";
  const given = text.split(separator);
  const stamp = `${at.toISOString().replace(/[-:T]|\..*/g, "")}+0000`;
  const swapped = [4, 5, 2, 3].map((index) => given[index] ?? "");
  const fields = [given[0] ?? "", given[1] ?? "", ...swapped, stamp, "", "", "", controlId, given[10] ?? ""];
  return Buffer.from(`${fields.join(separator).replace(new RegExp(`\\${separator}+$`), "")}\r`, "latin1");
}

function setCount(group: { counted?: number } | undefined, line: Buffer): void {
  const [, said] = /^BTS[^A-Za-z0-9](\d{1,9})(?!\d)/.exec(line.toString("latin1")) ?? [];
  if (group && said !== undefined) group.counted = Number(said);
}

function startOf(frame: Buffer): number {
  const begin = frame.subarray(0, BOM.length).equals(BOM) ? BOM.length : 0;
  const found = frame.subarray(begin).findIndex((byte) => byte !== CR && byte !== LF);
  return begin + Math.max(found, 0);
}

/** The name of a segment that begins here; "" for what is none. */
function nameAt(frame: Buffer, at: number): string {
  const [, name = ""] = /^([A-Z][A-Z0-9]{2})[^A-Za-z0-9]/.exec(frame.toString("latin1", at, at + 4)) ?? [];
  return name;
}

/** Begin and end of every line. */
function* lines(frame: Buffer): Generator<readonly [number, number]> {
  let start = startOf(frame);
  while (start < frame.length) {
    let stop = start;
    while (stop < frame.length && frame[stop] !== CR && frame[stop] !== LF) stop += 1;
    yield [start, stop];
    start = stop + 1;
  }
}
