import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";

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
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, "purged.ndjson");
  const read = (): LedgerLine[] => {
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, "utf8").split("\n");
    // A last line without its newline was cut short by a crash; its purge is finished again at the next start.
    return lines.slice(0, -1).map((line) => JSON.parse(line) as LedgerLine);
  };
  return {
    read,
    append: (line) => {
      if (read().some(({ epoch }) => epoch === line.epoch)) return;
      const torn = existsSync(file) && !readFileSync(file, "utf8").endsWith("\n") && readFileSync(file).length > 0;
      const handle = openSync(file, "a", 0o600);
      writeSync(handle, `${torn ? "\n" : ""}${JSON.stringify(line)}\n`);
      fsyncSync(handle);
      closeSync(handle);
    },
  };
}
