import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeDirectoryDurably, syncDirectory } from "#src/seal/durable-file.ts";

/** One purge, as kept outside the database and outside its backups. */
export interface LedgerLine {
  readonly epoch: number;
  readonly purgeId: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/**
 * The deletion ledger: an append-only file beside the keyring, so that a restored database cannot bring back what was
 * purged without anyone noticing.
 */
export interface Ledger {
  /** Durable when it returns; an epoch that is already there is not written twice. */
  append(line: LedgerLine): void;
  read(): LedgerLine[];
}

export function openLedger(directory: string): Ledger {
  makeDirectoryDurably(directory);
  const file = join(directory, "purged.ndjson");
  const content = () => (existsSync(file) ? readFileSync(file, "utf8") : "");
  const read = (): LedgerLine[] => content().split("\n").slice(0, -1).flatMap(whole);
  return {
    read,
    append: (line) => {
      if (read().some(({ epoch }) => epoch === line.epoch)) return;
      const torn = !/(^|\n)$/.test(content());
      const handle = openSync(file, "a", 0o600);
      try {
        // Unlike `writeSync`, it fails when the disk takes only a part.
        writeFileSync(handle, `${torn ? "\n" : ""}${JSON.stringify(line)}\n`);
        fsyncSync(handle);
      } finally {
        closeSync(handle);
      }
      syncDirectory(directory);
    },
  };
}

/** None for a line that a crash or a full disk cut short: its purge was finished again and has another line. */
function whole(line: string): LedgerLine[] {
  try {
    return [JSON.parse(line) as LedgerLine];
  } catch {
    return [];
  }
}
