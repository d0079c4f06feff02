import type { Grant } from "#src/audit/principal.ts";
import type { ProviderSettings } from "../settings.ts";

/** What is kept of the claims of an ID token. */
export interface Claims {
  readonly subject: string;
  readonly name: string | null;
  /** Values of the roles claim: groups. Only those that some role is given for. */
  readonly groups: readonly string[];
  /** When the person proved who he is, at the level asked for; milliseconds since 1970, 0 where it is not said. */
  readonly provenAt: number;
  readonly sid: string | null;
}

type RawClaims = Readonly<Record<string, unknown>> & { readonly sub: string };

export function readClaims(raw: RawClaims, settings: ProviderSettings): Claims {
  const name = raw[settings.name_claim];
  const known = new Set(settings.roles.map(({ value }) => value));
  return {
    subject: raw.sub,
    name: typeof name === "string" ? name.slice(0, 200) : null,
    groups: groupsOf(raw, settings.roles_claim).filter((group) => known.has(group)),
    provenAt: provenAt(raw, settings),
    sid: typeof raw["sid"] === "string" ? raw["sid"] : null,
  };
}

/** A provider that has an old sign-in of its own issues a new token without anybody there: `iat` proves nothing. */
function provenAt({ auth_time: at, acr }: RawClaims, { acr_values: levels }: ProviderSettings): number {
  const high = levels === undefined || (typeof acr === "string" && levels.split(" ").includes(acr));
  return high && typeof at === "number" ? at * 1_000 : 0;
}

/** What the groups give by the settings of now: a role that is taken from the file is taken from open sessions too. */
export function grantsOf(groups: readonly string[], { roles }: Pick<ProviderSettings, "roles">): Grant[] {
  return roles
    .filter(({ value }) => groups.includes(value))
    .map(({ role, channels }) => ({ role, ...(channels && { channels }) }));
}

/** A claim named by its path, as a list; the whole name may contain dots as well (`https://klinik.example/roles`). */
function groupsOf(raw: Readonly<Record<string, unknown>>, path: string): string[] {
  const found = raw[path] ?? path.split(".").reduce<unknown>(inward, raw);
  const list = Array.isArray(found) ? found : [found];
  return list.filter((value): value is string => typeof value === "string");
}

function inward(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}
