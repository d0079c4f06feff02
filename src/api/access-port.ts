import type { Principal } from "#src/audit/principal.ts";
import type { Role } from "#src/audit/rights.ts";
import type { Queryable, Transaction } from "#src/store/queryable.ts";
import type { AccessTokenRow } from "#src/store/sql/access-tokens.ts";

/** A session that is open. */
export interface OpenSession {
  readonly principal: Principal;
  /** What a writing request must carry besides the cookie. */
  readonly csrf: string;
  readonly idleEndsAt: Date;
  readonly endsAt: Date;
}

export interface SessionView {
  readonly id: string;
  readonly provider: string;
  readonly name: string | null;
  readonly createdAt: Date;
  readonly seenAt: Date;
  readonly endsAt: Date;
}

interface TokenWish {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly channels?: readonly string[] | undefined;
  readonly expiresAt?: Date | undefined;
  readonly certificate?: Buffer | undefined;
}

interface Ended {
  readonly id: string;
  readonly provider: string;
}

/** What the HTTP side asks of the room `access`, handed in by the composition root. */
export interface AccessPort<Proof = unknown> {
  /** Where browsers reach the engine; absent: on loopback only. */
  readonly publicUrl?: string | undefined;
  /** How fresh the proof of identity must be for the gravest actions. */
  readonly stepUpMs: number;
  readonly providers: readonly { readonly id: string; readonly title: string }[];
  /** Whether anybody could have a credential. */
  isOpen(): Promise<boolean>;
  readonly tokens: {
    principalOf(token: string): Promise<Principal | undefined>;
    principalOfCertificate(sha256: Buffer): Promise<Principal | undefined>;
    list(): Promise<readonly AccessTokenRow[]>;
    /** @returns the token, shown this once; undefined where the name is taken */
    create(db: Transaction, wish: TokenWish, actor: string): Promise<string | undefined>;
    revoke(db: Transaction, name: string): Promise<boolean>;
  };
  readonly sessions: {
    /** @param used false: nobody did anything, so the idle limit goes on */
    find(secret: string, used?: boolean): Promise<OpenSession | undefined>;
    begin(
      db: Queryable,
      provider: string,
      proof: Proof,
    ): Promise<{ readonly secret: string; readonly principal: Principal; readonly endsAt: Date }>;
    /** @param mine only the sessions of this person */
    list(mine: Principal | undefined): Promise<readonly SessionView[]>;
    endOne(db: Queryable, id: string, mine: Principal | undefined): Promise<readonly Ended[]>;
    endAllOf(db: Queryable, provider: string, subject: string): Promise<readonly Ended[]>;
  };
  beginSignIn(
    provider: string,
    redirectUri: string,
    returnTo: string,
    stepUp: boolean,
  ): Promise<{ readonly location: string; readonly cookie: string; readonly maxAgeMs: number } | undefined>;
  finishSignIn(
    provider: string,
    cookie: string | undefined,
    query: string,
  ): Promise<{ readonly signedIn: Proof; readonly returnTo: string }>;
  /** The holder of a break-glass account; undefined for whatever is wrong, or how long to wait before the next attempt. */
  proveHolder(
    name: string,
    password: string,
    code: string,
    address: string,
  ): Promise<{ readonly waitMs: number } | { readonly provider: string; readonly proof: Proof } | undefined>;
  /** @returns where the browser ends the session at the provider, or `returnTo` */
  signOut(secret: string, returnTo: string): Promise<string>;
  obeyLogout(db: Queryable, provider: string, token: string): Promise<readonly Ended[]>;
}
