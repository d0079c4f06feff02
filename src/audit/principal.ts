import { MATRIX, type Right, type Role } from "./rights.ts";

/** Who asks. Made where a credential was proven, and nowhere else. */
export interface Principal {
  readonly kind: "machine" | "person" | "nobody";
  /** Stable name within its provider: a token's name, the subject an identity provider gave out. */
  readonly subject: string;
  /** Who vouched: `token`, or the id of an identity provider. */
  readonly provider: string;
  readonly roles: readonly Role[];
}

/** Whoever shows no credential. */
export const NOBODY: Principal = { kind: "nobody", subject: "", provider: "", roles: [] };

/** The token of the environment variable BOTENSTOFF_API_TOKEN. */
export const ENVIRONMENT_TOKEN: Principal = { kind: "machine", subject: "env", provider: "token", roles: ["machine"] };

export function may({ roles }: Pick<Principal, "roles">, right: Right): boolean {
  return roles.some((role) => MATRIX[role].includes(right));
}

/** The journal's word for a principal. */
export function actorOf({ provider, subject }: Principal): string {
  return `${provider}:${subject}`;
}
