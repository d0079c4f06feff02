import { createHash, randomBytes, randomUUID } from "node:crypto";
import type { Grant, Principal } from "#src/audit/principal.ts";
import { ROLES, type Role } from "#src/audit/rights.ts";
import type { BlindIndex } from "#src/seal/blind-index.ts";
import { DIRECTORY_EPOCH } from "#src/seal/keyring/keyring.ts";
import type { Sealer } from "#src/seal/sealer.ts";
import type { Clock } from "#src/message/clock.ts";
import type { Queryable } from "#src/store/queryable.ts";
import {
  claimCheck,
  dropEndedSessions,
  endSessions,
  findSession,
  insertSession,
  listSessions,
  resealSession,
  touchSession,
  type AccessSessionRow,
} from "#src/store/sql/access-sessions.ts";
import { FIRST, openAt, sealAt, type Place } from "#src/store/sealed/place.ts";
import { BREAK_GLASS } from "./break-glass.ts";
import { grantsOf, type Claims } from "./oidc/claims.ts";
import type { Provider, SignedIn } from "./oidc/provider.ts";
import type { AccessSettings } from "./settings.ts";

const SECRET_BYTES = 32;
/** How often the end of the idle limit is moved. */
const TOUCH_MS = 30_000;
/** How old what the provider said last may be. Together with the beat of a stream less than a minute. */
const CHECK_MS = 40_000;

/** What a session keeps sealed. */
interface SealedSession {
  readonly claims: Claims;
  readonly idToken: string;
  readonly refreshToken?: string;
}

/** An open session, as its owner and an administrator see it. */
export interface SessionView {
  readonly id: string;
  readonly provider: string;
  readonly name: string | null;
  readonly createdAt: Date;
  readonly seenAt: Date;
  readonly endsAt: Date;
}

export interface OpenSession {
  readonly principal: Principal;
  /** What a writing request must carry besides the cookie. */
  readonly csrf: string;
  readonly idleEndsAt: Date;
  readonly endsAt: Date;
}

interface SessionsDeps {
  readonly store: Queryable;
  readonly sealer: Sealer;
  readonly blindIndex: Pick<BlindIndex, "of">;
  readonly settings: AccessSettings;
  provider(id: string): Provider | undefined;
  readonly now: Clock;
}

/** Who is signed in. A session is a row; its cookie holds 256 random bits and says nothing. */
export function createSessions(deps: SessionsDeps) {
  const { store, sealer, blindIndex, settings, now } = deps;
  const { idle, absolute } = settings.sessions;
  const seenSince = () => new Date(now() - idle);
  const personBi = (provider: string, subject: string) => blindIndex.of("person", provider, subject);
  const sidBi = (provider: string, sid: string) => blindIndex.of("person", "sid", provider, sid);
  const open = (row: AccessSessionRow) => openAt(sealer, placeOf(row.id), row.sealed);

  /** Asks the provider again where it is time, one request at a time. @returns undefined where it has ended the session */
  const checked = async (row: AccessSessionRow, kept: SealedSession): Promise<SealedSession | undefined> => {
    const provider = deps.provider(row.provider);
    const at = new Date(now());
    if (!provider || kept.refreshToken === undefined || at.getTime() - row.checkedAt.getTime() < CHECK_MS) return kept;
    if (!(await claimCheck(store, row.id, row.checkedAt, at))) return kept;
    // A provider that is down ends nobody's session; the absolute limit does.
    const fresh = await provider.refresh(kept.refreshToken).catch(() => kept);
    if (fresh?.claims.subject !== kept.claims.subject) {
      await endSessions(store, { id: row.id });
      return undefined;
    }
    // A refreshed token tells nothing of a new proof of identity.
    const { provenAt, sid } = kept.claims;
    const next: SealedSession = { ...fresh, claims: { ...fresh.claims, provenAt, sid } };
    await resealSession(store, row.id, sealAt(sealer, placeOf(row.id), next));
    return next;
  };

  return {
    /** Begins a session. @returns what goes into the cookie, and who it is */
    begin: async (db: Queryable, providerId: string, { claims, idToken, refreshToken, endsAt }: SignedIn) => {
      const secret = randomBytes(SECRET_BYTES).toString("base64url");
      const id = randomUUID();
      const at = new Date(now());
      const kept: SealedSession = { claims, idToken, ...(refreshToken !== undefined && { refreshToken }) };
      const row = {
        id,
        secretHash: hash(secret),
        provider: providerId,
        personBi: personBi(providerId, claims.subject),
        sidBi: claims.sid === null ? null : sidBi(providerId, claims.sid),
        createdAt: at,
        seenAt: at,
        checkedAt: at,
        endsAt: new Date(Math.min(at.getTime() + absolute, endsAt ?? Infinity)),
        sealed: sealAt(sealer, placeOf(id), kept),
      };
      await insertSession(db, row);
      return { secret, principal: principalOf(row, kept), endsAt: row.endsAt };
    },
    /**
     * Whose cookie this is, and until when.
     * @param used whether somebody did something: a page that asks by itself keeps no session open
     */
    find: async (secret: string, used = true): Promise<OpenSession | undefined> => {
      const at = new Date(now());
      const row = await findSession(store, hash(secret), at, seenSince());
      if (!row) return undefined;
      const kept = await checked(row, open(row));
      if (!kept) return undefined;
      const principal = principalOf(row, kept);
      if (principal.grants.length === 0) {
        await endSessions(store, { id: row.id });
        return undefined;
      }
      const seenAt = used ? at : row.seenAt;
      if (seenAt.getTime() - row.seenAt.getTime() > TOUCH_MS) await touchSession(store, row.id, at);
      return { principal, csrf: csrfOf(secret), idleEndsAt: new Date(seenAt.getTime() + idle), endsAt: row.endsAt };
    },
    /** Ends the session of a cookie. @returns what the provider needs to end it there too */
    end: async (secret: string): Promise<{ provider: string; idToken: string } | undefined> => {
      const row = await findSession(store, hash(secret), new Date(0), new Date(0));
      await endSessions(store, { secretHash: hash(secret) });
      return row && { provider: row.provider, idToken: open(row).idToken };
    },
    list: async (mine: Principal | undefined): Promise<SessionView[]> => {
      const whose = mine ? personBi(mine.provider, mine.subject) : null;
      const rows = await listSessions(store, new Date(now()), whose);
      return rows
        .filter(({ seenAt }) => seenAt > seenSince())
        .map((row) => {
          const { id, provider, createdAt, seenAt, endsAt } = row;
          return { id, provider, name: open(row).claims.name, createdAt, seenAt, endsAt };
        });
    },
    endOne: (db: Queryable, id: string, mine: Principal | undefined) =>
      endSessions(db, { id, ...(mine && { personBi: personBi(mine.provider, mine.subject) }) }),
    endAllOf: (db: Queryable, provider: string, subject: string) =>
      endSessions(db, { personBi: personBi(provider, subject) }),
    endBySid: (db: Queryable, provider: string, sid: string) => endSessions(db, { sidBi: sidBi(provider, sid) }),
    sweep: () => dropEndedSessions(store, new Date(now()), seenSince()),
  };

  function principalOf(row: Pick<AccessSessionRow, "id" | "provider" | "personBi">, kept: SealedSession): Principal {
    const { subject, name, groups, provenAt } = kept.claims;
    return {
      kind: "person",
      subject,
      provider: row.provider,
      grants: grantsAt(row.provider, groups),
      actor: `${row.provider}:${row.personBi.toString("hex")}`,
      person: { name, session: row.id, provenAt },
    };
  }

  /** By the settings of now; a break-glass account's own roles are named as groups. */
  function grantsAt(providerId: string, groups: readonly string[]): Grant[] {
    if (providerId === BREAK_GLASS)
      return groups.filter((group): group is Role => Object.hasOwn(ROLES, group)).map((role) => ({ role }));
    const provider = settings.providers.find(({ id }) => id === providerId);
    return provider ? grantsOf(groups, provider) : [];
  }
}

/** Made from the cookie's secret, so nothing else has to be kept. */
function csrfOf(secret: string): string {
  return createHash("sha256").update("csrf\0").update(secret).digest("base64url");
}

/** 256 random bits need no salt and no slow hash. */
function hash(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

function placeOf(id: string): Place<SealedSession> {
  return { epoch: DIRECTORY_EPOCH, table: "access_session", row: id, column: "sealed", shape: FIRST };
}
