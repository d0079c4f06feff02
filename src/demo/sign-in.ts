import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { ROLES, type Role } from "#src/audit/rights.ts";

/** One person for each role that people have. */
const PEOPLE = {
  erin: { name: "Erin Engel", role: "engineer" },
  clara: { name: "Clara Klar", role: "clerk" },
  paul: { name: "Paul Prüfer", role: "approver" },
  carl: { name: "Carl Kluge", role: "clinician" },
  dora: { name: "Dora Dachs", role: "privacy" },
  axel: { name: "Axel Amsel", role: "auditor" },
  anna: { name: "Anna Acker", role: "admin" },
} as const satisfies Record<string, { name: string; role: Role }>;

const HOST = "127.0.0.1";
const ID = "staff";

interface Offer {
  readonly env: Readonly<Record<string, string>>;
  /** Where to sign in, and as whom. */
  readonly lines: readonly string[];
  close(): Promise<void>;
}

/**
 * An identity provider beside the demo, and the file that names it. Without the package that simulates one (an installation
 * for production) nobody signs in. @param engineUrl where browsers will reach the engine
 * @param tellsWhen whether it says unasked when people proved who they are
 */
export async function offerSignIn(directory: string, engineUrl: string, tellsWhen = true): Promise<Offer | undefined> {
  const simulator = await import("#src/simulators/identity-provider/server.ts").catch(() => undefined);
  if (!simulator) return undefined;
  const people = Object.entries(PEOPLE);
  const provider = await simulator.startIdentityProvider({
    host: HOST,
    port: 0,
    clientUrl: engineUrl,
    providerId: ID,
    tellsWhen,
    people: Object.fromEntries(people.map(([login, { name, role }]) => [login, { name, groups: [role] }])),
  });
  const file = join(directory, "access.yaml");
  const staff = {
    id: ID,
    title: "Hospital staff",
    issuer: provider.url,
    client_id: provider.clientId,
    client_secret: provider.clientSecret,
    roles: people.map(([, { role }]) => ({ value: role, role })),
  };
  await writeFile(file, stringify({ providers: [staff] }), { mode: 0o600 });
  return {
    env: { BOTENSTOFF_ACCESS_FILE: file },
    lines: [
      `sign in   ${engineUrl}/auth/login?return=/console   (no passwords: press the button of)`,
      ...people.map(([, { name, role }]) => `          ${name.padEnd(12)} ${role}: ${ROLES[role]}`),
    ],
    close: () => provider.close(),
  };
}
