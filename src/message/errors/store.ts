import { entry, type ErrorEntry } from "./entry.ts";

/** The store. */
export const STORE_ERRORS = {
  STORE_UNAVAILABLE: entry(
    "transient",
    "PostgreSQL does not answer.",
    "Check the server; the engine answers 503 and goes on by itself when it is back.",
  ),
  STORE_FULL: entry("transient", "The disk is too full to accept more.", "Free space on the data directory's volume."),
  STORE_NEWER: entry(
    "permanent",
    "A newer version has changed the database in a way this version cannot work with.",
    "Start the newer version again, or restore the backup made before the update (docs/upgrade.md).",
  ),
  WORK_STOPS_ENGINE: entry(
    "permanent",
    "Working on it killed or froze the engine twice, so it was set aside; what comes after it goes on.",
    "Report it with its id; reprocess it when the engine can take it.",
  ),
  WORK_FAILS_EACH_TIME: entry(
    "permanent",
    "Working on it, or writing down what came of that, failed each time for what is in it, so it was set aside; what comes after it goes on.",
    "Report it with its id and the code the message names; reprocess it when the engine can take it. A delivery may have arrived: look into the chart first.",
  ),
  LEASE_LOST: entry(
    "transient",
    "Another worker took the lane over.",
    "None; the other worker does the work. Frequent losses mean an overloaded machine.",
  ),
} as const satisfies Record<string, ErrorEntry>;
