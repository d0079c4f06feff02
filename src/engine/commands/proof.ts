import { write, type Command, type Given } from "./command.ts";

/** The commands about what is proven: journal, ledger. */
export const PROOF_COMMANDS: readonly Command[] = [
  {
    name: "verify",
    summary: "checks the audit journal's hash chain",
    details: "Works beside a running engine with DATABASE_URL, or on a stopped one's embedded database.",
    run: verifyTheJournal,
  },
  {
    name: "purge",
    summary: "destroys again what a restored backup brought back",
    details: "After restoring an older database the engine refuses to start until this has run.",
    flags: { "replay-ledger": "purge every epoch the deletion ledger lists and the database still holds" },
    run: replayTheLedger,
  },
];

async function openTheFoundation(level?: string) {
  const [{ openFoundation }, { readSettings }, { createLog }] = await Promise.all([
    import("../foundation.ts"),
    import("../settings.ts"),
    import("../log.ts"),
  ]);
  return openFoundation(readSettings(process.env), createLog(level));
}

async function verifyTheJournal(): Promise<number> {
  const { verifyJournal } = await import("#src/audit/verify.ts");
  const { journalEntries } = await import("#src/store/sql/journal.ts");
  const foundation = await openTheFoundation("error");
  try {
    const result = await verifyJournal(journalEntries(foundation.store));
    write(
      result.ok
        ? `journal: ${result.entries} entries, unbroken, head ${result.head}`
        : `journal: broken at ${result.seq}: ${result.reason}`,
    );
    return result.ok ? 0 : 1;
  } finally {
    await foundation.close();
  }
}

async function replayTheLedger({ flags }: Given): Promise<number> {
  if (!flags.has("replay-ledger")) {
    process.stderr.write("botenstoff purge: say --replay-ledger; everything else is purged on schedule by itself\n");
    return 2;
  }
  const { replayLedger } = await import("#src/retention/purge.ts");
  const foundation = await openTheFoundation();
  try {
    const { epochs, unfiled } = await replayLedger(foundation.retention);
    write(`ledger replayed: ${epochs.length} epochs destroyed again`);
    for (const id of unfiled) write(`lost with the backup, not filed in it: message ${id}`);
    return unfiled.length === 0 ? 0 : 1;
  } finally {
    await foundation.close();
  }
}
