import { entry, type ErrorEntry } from "./entry.ts";

/** Sealing. */
export const SEAL_ERRORS = {
  SEAL_BROKEN: entry(
    "permanent",
    "A sealed value does not open: wrong key or altered bytes.",
    "Treat as tampering or a damaged disk; restore the affected epoch from a backup.",
  ),
  EPOCH_KEY_DESTROYED: entry(
    "permanent",
    "The epoch was purged; its key no longer exists.",
    "None: this is the purge working. The certificate is under /api/v1/purges.",
  ),
} as const satisfies Record<string, ErrorEntry>;
