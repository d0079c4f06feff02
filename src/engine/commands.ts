import { dryRunCommand, graphCommand, lintCommand, testCommand } from "#src/channel/commands.ts";
import { runDemo } from "#src/demo/run.ts";
import { verifyJournal } from "#src/audit/verify.ts";
import { replayLedger } from "#src/retention/purge.ts";
import { journalEntries } from "#src/store/sql/journal.ts";
import { generateCommand } from "./generate.ts";
import { openFoundation } from "./foundation.ts";
import { createLog } from "./log.ts";
import { serve } from "./serve.ts";
import { readSettings } from "./settings.ts";

/** One command of the command line. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly details: string;
  /** Flags without a value, and what they mean. */
  readonly flags: Readonly<Record<string, string>>;
  /** Resolves with the exit code. */
  run(flags: ReadonlySet<string>): Promise<number>;
}

const write = (line: string) => void process.stdout.write(`${line}\n`);

function files() {
  const { channelsDir, mappingsDir, profilesDir, env } = readSettings(process.env);
  return { channelsDirectory: channelsDir, mappingsDirectory: mappingsDir, profilesDirectory: profilesDir, env, write };
}

export const COMMANDS: readonly Command[] = [
  {
    name: "serve",
    summary: "runs the engine until SIGTERM or SIGINT",
    details:
      "Reads its settings from the environment, deploys every channel file that lints, and resumes where it was.",
    flags: {},
    run: () => serve(readSettings(process.env), createLog()),
  },
  {
    name: "demo",
    summary: "shows the main job on an embedded database with simulators of WhatsApp and a KIS",
    details: "Prints every step from the webhook to the purge certificate, then stays up and prints its URLs.",
    flags: { exit: "end by itself, with status 0 only if every invariant held" },
    run: (flags) => runDemo({ exit: flags.has("exit"), write }),
  },
  {
    name: "lint",
    summary: "checks every channel file, offline",
    details: "Prints file:line:column and what is wrong. Needs no secrets: names without a value are taken as given.",
    flags: {},
    run: () => lintCommand(files()),
  },
  {
    name: "test",
    summary: "runs the channels' tests and the mappings' golden examples",
    details: "Needs no network and no database.",
    flags: { update: "rewrite the golden outputs for review" },
    run: (flags) => testCommand({ ...files(), update: flags.has("update") }),
  },
  {
    name: "dry-run",
    summary: "reaches out to every source and destination without leaving a trace",
    details: "Graph API token, FHIR /metadata, MLLP connect; prints one line per connector.",
    flags: {},
    run: () => dryRunCommand(files()),
  },
  {
    name: "graph",
    summary: "prints the channels as a mermaid graph",
    details: "Paste it into any Markdown that renders mermaid.",
    flags: {},
    run: () => graphCommand(files()),
  },
  {
    name: "generate",
    summary: "rewrites what is made from the code: schemas, the API's description, lists in the docs",
    details:
      "Run it after changing a connector's settings, a route or a closed list; a test fails while they are stale.",
    flags: {},
    run: () => generateCommand(write),
  },
  {
    name: "verify",
    summary: "checks the audit journal's hash chain",
    details: "Works beside a running engine with DATABASE_URL, or on a stopped one's embedded database.",
    flags: {},
    run: verifyJournalCommand,
  },
  {
    name: "purge",
    summary: "destroys again what a restored backup brought back",
    details: "After restoring an older database the engine refuses to start until this has run.",
    flags: { "replay-ledger": "purge every epoch the deletion ledger lists and the database still holds" },
    run: replayLedgerCommand,
  },
];

async function verifyJournalCommand(): Promise<number> {
  const foundation = await openFoundation(readSettings(process.env), createLog("error"));
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

async function replayLedgerCommand(flags: ReadonlySet<string>): Promise<number> {
  if (!flags.has("replay-ledger")) {
    process.stderr.write("botenstoff purge: say --replay-ledger; everything else is purged on schedule by itself\n");
    return 2;
  }
  const foundation = await openFoundation(readSettings(process.env), createLog());
  try {
    const { epochs, unfiled } = await replayLedger(foundation.retention);
    write(`ledger replayed: ${epochs.length} epochs destroyed again`);
    for (const id of unfiled) write(`lost with the backup, not filed in it: message ${id}`);
    return unfiled.length === 0 ? 0 : 1;
  } finally {
    await foundation.close();
  }
}
