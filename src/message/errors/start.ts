import { entry, type ErrorEntry } from "./entry.ts";

/** Configuration and start. */
export const START_ERRORS = {
  CONFIG_INVALID: entry(
    "permanent",
    "A setting is missing or malformed.",
    "Correct the environment variable or file the message names.",
  ),
  MASTER_KEY_MISSING: entry(
    "permanent",
    "BOTENSTOFF_MASTER_KEY_FILE is not set.",
    "Make one: `openssl rand -base64 48 > master.key && chmod 600 master.key`.",
  ),
  MASTER_KEY_WRONG: entry(
    "permanent",
    "The master key does not open the keyring.",
    "Point BOTENSTOFF_MASTER_KEY_FILE at the key this data directory was created with.",
  ),
  KEYRING_MISSING: entry(
    "permanent",
    "The database holds what was sealed under a keyring that is not in this data directory.",
    "Mount the data directory the database was used with, or restore its keyring. Lost for good: begin with an empty database.",
  ),
  DATA_DIR_IN_USE: entry(
    "permanent",
    "Another engine runs on this data directory's embedded PostgreSQL.",
    "Stop the other engine, or set DATABASE_URL to share a server between engines.",
  ),
  LEDGER_AHEAD: entry(
    "permanent",
    "The database holds epochs the deletion ledger says are purged.",
    "A backup was restored: run `botenstoff purge --replay-ledger`, then start again.",
  ),
  ENGINE_UNREACHABLE: entry(
    "transient",
    "The engine does not answer the command line.",
    "Check that it runs, and that BOTENSTOFF_URL is its address.",
  ),
  ENGINE_REFUSED: entry(
    "permanent",
    "The engine refused what the command line asked.",
    "Read the text beside it; a 401 or 403 means another BOTENSTOFF_API_TOKEN is needed.",
  ),
} as const satisfies Record<string, ErrorEntry>;
