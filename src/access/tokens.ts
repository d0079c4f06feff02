import { createHash, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";
import { machine, type Grant, type Principal } from "#src/audit/principal.ts";
import { ROLES, type Role } from "#src/audit/rights.ts";
import type { Clock } from "#src/message/clock.ts";
import type { Secret } from "#src/message/secret.ts";
import type { Queryable, Transaction } from "#src/store/queryable.ts";
import {
  findAccessToken,
  insertAccessToken,
  listAccessTokens,
  noteTokenUse,
  revokeAccessToken,
  type AccessTokenRow,
} from "#src/store/sql/access-tokens.ts";

/** Says what it is to whoever finds one, and to programs that look for leaked secrets. */
const PREFIX = "bst_";
const TOKEN_BYTES = 32;
/** Name of the token in the environment variable BOTENSTOFF_API_TOKEN. */
export const ENVIRONMENT = "env";

export interface TokenWish {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly channels?: readonly string[] | undefined;
  readonly expiresAt?: Date | undefined;
  /** SHA-256 of a client certificate: it stands for the token, which nobody is shown. */
  readonly certificate?: Buffer | undefined;
}

interface TokensDeps {
  readonly store: Queryable;
  readonly environment?: Secret;
  readonly now: Clock;
}

/** The machines' credentials. */
export function createTokens({ store, environment, now }: TokensDeps) {
  const expected = environment && digest(environment.reveal());
  const use = async (by: Parameters<typeof findAccessToken>[1]): Promise<Principal | undefined> => {
    const at = new Date(now());
    const row = await findAccessToken(store, by, at);
    if (!row) return undefined;
    await noteTokenUse(store, row.id, at);
    return machine(row.name, grantsOf(row));
  };
  return {
    /** Who shows this token; undefined: it is none, or revoked, or expired. */
    principalOf: async (token: string): Promise<Principal | undefined> => {
      const hash = digest(token);
      if (expected && timingSafeEqual(hash, expected)) return ENVIRONMENT_TOKEN;
      return use({ hash });
    },
    /** Whose client certificate this is, by its SHA-256; the caller has verified it. */
    principalOfCertificate: (certificate: Buffer): Promise<Principal | undefined> => use({ certificate }),
    list: () => listAccessTokens(store),
    /** @returns the token, shown this once; undefined where the name is taken */
    create: (db: Transaction, wish: TokenWish, actor: string) => createToken(db, wish, actor, new Date(now())),
    revoke: (db: Transaction, name: string) => revokeAccessToken(db, name, new Date(now())),
  };
}

/** The token of the environment may what a machine may, everywhere. */
const ENVIRONMENT_TOKEN = machine(ENVIRONMENT, [{ role: "machine" }]);

export async function createToken(
  db: Transaction,
  { name, roles, channels, expiresAt, certificate }: TokenWish,
  actor: string,
  now: Date,
): Promise<string | undefined> {
  const token = `${PREFIX}${randomBytes(TOKEN_BYTES).toString("base64url")}`;
  const made =
    name !== ENVIRONMENT &&
    (await insertAccessToken(db, {
      id: randomUUID(),
      name,
      hash: digest(token),
      roles,
      channels: channels ?? null,
      createdAt: now,
      createdBy: actor,
      expiresAt: expiresAt ?? null,
      certificate: certificate ?? null,
    }));
  return made ? token : undefined;
}

/** A role that an older version knew and this one does not gives nothing. */
function grantsOf({ roles, channels }: AccessTokenRow): Grant[] {
  return roles
    .filter((role): role is Role => Object.hasOwn(ROLES, role))
    .map((role) => ({ role, ...(channels && { channels }) }));
}

/** 256 random bits need no salt and no slow hash. Equal length for the constant-time comparison, whatever was sent. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
