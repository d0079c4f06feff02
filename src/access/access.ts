import { createHash } from "node:crypto";
import type { Clock } from "#src/message/clock.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { Secret } from "#src/message/secret.ts";
import type { BlindIndex } from "#src/seal/blind-index.ts";
import type { Sealer } from "#src/seal/sealer.ts";
import type { Queryable } from "#src/store/queryable.ts";
import { noteLogout } from "#src/store/sql/access-sessions.ts";
import { BREAK_GLASS, proveHolder } from "./break-glass.ts";
import { Patience } from "./patience.ts";
import { openAttempt, sealAttempt } from "./login-cookie.ts";
import { createProvider, type Provider } from "./oidc/provider.ts";
import { createSessions } from "./sessions.ts";
import type { AccessSettings } from "./settings.ts";
import { createTokens } from "./tokens.ts";

/** From the choice of a provider to the way back: a person looks for a second factor. */
const ATTEMPT_MS = 600_000;
/** Longer than any logout token is believed. */
const LOGOUT_REMEMBERED_MS = 3_600_000;

interface AccessDeps {
  readonly store: Queryable;
  readonly sealer: Sealer;
  readonly blindIndex: Pick<BlindIndex, "of">;
  readonly settings: AccessSettings;
  readonly environment?: Secret;
  readonly now: Clock;
}

/** Who may in: machines by token, people by their house's identity provider. */
export function createAccess(deps: AccessDeps) {
  const { sealer, settings, now } = deps;
  const providers = new Map(settings.providers.map((one) => [one.id, createProvider(one)]));
  const tokens = createTokens(deps);
  const sessions = createSessions({ ...deps, provider: (id) => providers.get(id) });
  const patience = new Patience(now);
  const named = (id: string): Provider | undefined => providers.get(id);

  return {
    tokens,
    sessions,
    publicUrl: settings.public_url,
    stepUpMs: settings.step_up.max_age,
    /** Where people may sign in. */
    providers: settings.providers.map(({ id, title }) => ({ id, title })),
    /** Whether anybody could have a credential. */
    isOpen: async () =>
      deps.environment !== undefined || providers.size > 0 || (await tokens.list()).some(({ revokedAt }) => !revokedAt),
    /** @returns undefined for no such provider @throws BotenstoffError ACCESS_PROVIDER_UNAVAILABLE */
    beginSignIn: async (id: string, redirectUri: string, returnTo: string, stepUp: boolean) => {
      const maxAge = Math.round(settings.step_up.max_age / 1_000);
      const begun = await named(id)?.begin(redirectUri, stepUp ? { maxAge } : undefined);
      if (!begun) return undefined;
      const until = now() + ATTEMPT_MS;
      const cookie = sealAttempt(sealer, { ...begun.attempt, provider: id, redirectUri, returnTo, until });
      return { location: begun.location, cookie, maxAgeMs: ATTEMPT_MS };
    },
    /**
     * Proves who came back, in the browser that began it; `sessions.begin` makes a session of it.
     * @param query what the provider sent back
     * @throws BotenstoffError ACCESS_SIGN_IN_REFUSED, ACCESS_PROVIDER_UNAVAILABLE
     */
    finishSignIn: async (id: string, cookie: string | undefined, query: string) => {
      const attempt = cookie === undefined ? undefined : openAttempt(sealer, cookie, now());
      const provider = named(id);
      if (!provider || attempt?.provider !== id)
        throw new BotenstoffError("ACCESS_SIGN_IN_REFUSED", "signing in: not begun in this browser");
      const url = new URL(attempt.redirectUri);
      url.search = query;
      return { signedIn: await provider.finish(url, attempt), returnTo: attempt.returnTo };
    },
    /**
     * Proves the holder of a break-glass account. @returns undefined for whatever is wrong
     * or how long the address has to wait before its next attempt at this account is looked at
     */
    proveHolder: async (name: string, password: string, code: string, address: string) => {
      const waitMs = patience.left(name, address);
      if (waitMs > 0) return { waitMs };
      const holder = await proveHolder(deps, { name, password, code });
      if (!holder) {
        patience.failed(name, address);
        return undefined;
      }
      patience.succeeded(name, address);
      const claims = { subject: name, name, groups: holder.roles, provenAt: now(), sid: null };
      return { provider: BREAK_GLASS, proof: { claims, idToken: "", endsAt: holder.endsAt.getTime() } };
    },
    /** Ends the session here. @returns where the browser ends it at the provider, or where to go otherwise */
    signOut: async (secret: string, returnTo: string): Promise<string> => {
      const ended = await sessions.end(secret);
      const provider = ended && named(ended.provider);
      // A provider that is down keeps nobody signed in here.
      return (await provider?.endSession(ended?.idToken ?? "", returnTo).catch(() => undefined)) ?? returnTo;
    },
    /** Obeys an identity provider's order to end sessions. @throws BotenstoffError ACCESS_LOGOUT_REFUSED, … */
    obeyLogout: async (db: Queryable, id: string, token: string) => {
      const provider = named(id);
      if (!provider) throw new BotenstoffError("ACCESS_LOGOUT_REFUSED", "ending sessions: no such provider");
      const { sid, subject, jti } = await provider.logoutOrder(token, new Date(now()));
      const jtiHash = createHash("sha256").update(`${id}\0${jti}`).digest();
      if (!(await noteLogout(db, jtiHash, new Date(now() + LOGOUT_REMEMBERED_MS)))) return [];
      return sid === undefined ? sessions.endAllOf(db, id, subject ?? "") : sessions.endBySid(db, id, sid);
    },
  };
}
