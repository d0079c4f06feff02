import { BotenstoffError } from "#src/message/error-code.ts";
import { hasSeen } from "#src/store/sql/intake.ts";
import type { RetentionDeps } from "./deps.ts";

/**
 * Refuses a keyring as new as the database is not, as of a data directory that is not mounted. Under keys of its own the
 * engine would take every repeat for new (I2), and what it acknowledged would be lost once the right ones are back (I1).
 * @throws BotenstoffError KEYRING_MISSING
 */
export async function checkKeyring({ keyring, store }: Pick<RetentionDeps, "keyring" | "store">): Promise<void> {
  if (keyring.hasNamed("seen") || !(await hasSeen(store))) return;
  throw new BotenstoffError("KEYRING_MISSING", "starting: the keyring is new, the database is not");
}
