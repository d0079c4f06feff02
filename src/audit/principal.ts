import { MATRIX, type Right, type Role } from "./rights.ts";

/** A role, everywhere or on some channels only. */
export interface Grant {
  readonly role: Role;
  /** Absent: on every channel. */
  readonly channels?: readonly string[];
}

/** Who asks. Made where a credential was proven, and nowhere else. */
export interface Principal {
  readonly kind: "machine" | "person" | "nobody";
  /** Stable name within its provider: a token's name, the subject an identity provider gave out. */
  readonly subject: string;
  /** Who vouched: `token`, or the id of an identity provider. */
  readonly provider: string;
  readonly grants: readonly Grant[];
  /** The journal's word for the principal: a token's name, a keyed hash of a person. Nothing personal. */
  readonly actor: string;
  /** Of persons only. */
  readonly person?: Person;
}

export interface Person {
  /** As the provider says it; null where it says none. */
  readonly name: string | null;
  /** Public id of the session. */
  readonly session: string;
  /** When the person last proved who he is, at the level of the gravest actions; milliseconds since 1970, 0: never. */
  readonly provenAt: number;
}

/** Whoever shows no credential. */
export const NOBODY: Principal = { kind: "nobody", subject: "", provider: "", grants: [], actor: "nobody" };

/** What a machine token stands for. */
export function machine(name: string, grants: readonly Grant[]): Principal {
  return { kind: "machine", subject: name, provider: "token", grants, actor: `token:${name}` };
}

/** Whether one of the principal's roles has the right; with a channel: there. */
export function may({ grants }: Pick<Principal, "grants">, right: Right, channel?: string): boolean {
  return grants.some(
    ({ role, channels }) =>
      MATRIX[role].includes(right) && (channel === undefined || channels === undefined || channels.includes(channel)),
  );
}

/** The channels on which the principal has the right; undefined: all of them. */
export function channelsOf({ grants }: Pick<Principal, "grants">, right: Right): readonly string[] | undefined {
  const giving = grants.filter(({ role }) => MATRIX[role].includes(right));
  if (giving.some(({ channels }) => channels === undefined)) return undefined;
  return [...new Set(giving.flatMap(({ channels = [] }) => channels))];
}

/** Every right the principal has somewhere. */
export function rightsOf({ grants }: Pick<Principal, "grants">): Right[] {
  return [...new Set(grants.flatMap(({ role }) => MATRIX[role]))].sort();
}
