import { createHash } from "node:crypto";
import type { JournalRow } from "#src/store/sql/journal.ts";
import { commitment, hashOf } from "./journal.ts";

export type Verdict =
  | { readonly ok: true; readonly entries: number; readonly head: string }
  | { readonly ok: false; readonly seq: number; readonly reason: string };

/**
 * Walks the chain from its beginning; an altered, missing, added or moved line is found at the first place it shows.
 * A chain cannot show that its end was cut off or that all of it was written anew: compare `head` with one kept elsewhere.
 */
export async function verifyJournal(rows: Iterable<JournalRow> | AsyncIterable<JournalRow>): Promise<Verdict> {
  let seq = 0;
  let head: Buffer = Buffer.alloc(32);
  for await (const row of rows) {
    seq += 1;
    if (row.seq !== seq) return { ok: false, seq, reason: `line ${row.seq} stands where ${seq} belongs` };
    if (row.who && row.detail["who"] !== createHash("sha256").update(row.who).digest("hex"))
      return { ok: false, seq, reason: "it was not this person" };
    if (!follows(head, row)) return { ok: false, seq, reason: "its hash does not fit" };
    head = row.hash;
  }
  return { ok: true, entries: seq, head: head.toString("hex") };
}

function follows(head: Buffer, row: JournalRow): boolean {
  try {
    return hashOf(head, row, commitment(row)).equals(row.hash);
  } catch {
    // A column of another type or "infinity" as the time: nothing the engine writes.
    return false;
  }
}
