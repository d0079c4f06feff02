import type { Who } from "#src/audit/journal.ts";
import type { Principal } from "#src/audit/principal.ts";

/** Who stands behind a line of the journal, in full: sealed there, and forgotten after a time of its own. */
export function whoOf({ subject, provider, grants, person }: Principal, address: string | null): Who {
  return {
    subject,
    provider,
    name: person?.name ?? null,
    roles: [...new Set(grants.map(({ role }) => role))],
    session: person?.session ?? null,
    address,
  };
}
