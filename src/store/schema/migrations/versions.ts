import { MIGRATIONS } from "./index.ts";

/**
 * What the name of a migration begins with that takes something away which the engine of one version before still uses
 * (docs/upgrade.md): that engine refuses a database where it ran. Every other migration only adds.
 */
export const CONTRACTS = "Contract";

const KNOWN = MIGRATIONS.map(({ name }) => name);

/** What this engine would run on a database where these ran. */
export function migrationsPending(ran: readonly string[]): string[] {
  return KNOWN.filter((name) => !ran.includes(name));
}

/** What a newer engine ran. */
export function migrationsAhead(ran: readonly string[]): string[] {
  return ran.filter((name) => !KNOWN.includes(name));
}
