import { createPrivateKey } from "node:crypto";
import { createRemoteJWKSet, customFetch as joseFetch, jwtVerify } from "jose";
import * as oidc from "openid-client";
import { BotenstoffError, kindOfError } from "#src/message/error-code.ts";
import type { ProviderSettings } from "../settings.ts";
import { readClaims, type Claims } from "./claims.ts";
import { readLogoutToken, type LogoutOrder } from "./logout-token.ts";

/** An identity provider that does not answer in this time is down. */
const TIMEOUT_S = 10;
/** Clocks of two houses differ. */
const TOLERANCE_S = 60;
/** Discovery is asked again after this long, so that a provider may move its endpoints. */
const DISCOVERY_MS = 3_600_000;

/** What the browser has to bring back, so that a sign-in ends where it began. */
export interface Attempt {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** Seconds: how fresh the proof of identity must be. */
  readonly maxAge?: number | undefined;
}

export interface SignedIn {
  readonly claims: Claims;
  readonly idToken: string;
  readonly refreshToken?: string;
  /** When the session ends at the latest, milliseconds since 1970, whatever the settings allow. */
  readonly endsAt?: number;
}

/** One identity provider, spoken to with a certified client library. */
export interface Provider {
  readonly settings: ProviderSettings;
  /** Where to send the browser. @throws BotenstoffError ACCESS_PROVIDER_UNAVAILABLE */
  begin(redirectUri: string, stepUp?: { readonly maxAge: number }): Promise<{ location: string; attempt: Attempt }>;
  /** What the provider says of whoever came back. @throws BotenstoffError ACCESS_SIGN_IN_REFUSED, ACCESS_PROVIDER_UNAVAILABLE */
  finish(currentUrl: URL, attempt: Attempt): Promise<SignedIn>;
  /** The claims of now; undefined: the provider has ended the session. @throws BotenstoffError ACCESS_PROVIDER_UNAVAILABLE */
  refresh(refreshToken: string): Promise<SignedIn | undefined>;
  /** Where the browser ends the session there too; undefined where the provider has no such address. */
  endSession(idToken: string, returnTo: string): Promise<string | undefined>;
  /** @throws BotenstoffError ACCESS_LOGOUT_REFUSED */
  logoutOrder(token: string, now: Date): Promise<LogoutOrder>;
}

export function createProvider(settings: ProviderSettings): Provider {
  const issuer = new URL(settings.issuer);
  const insecure = issuer.protocol === "http:";
  let found: { readonly at: number; readonly configuration: Promise<oidc.Configuration> } | undefined;
  let keys: { readonly uri: string; readonly set: ReturnType<typeof createRemoteJWKSet> } | undefined;

  /** Asked once, and again after an hour or a failure. */
  const discover = (): Promise<oidc.Configuration> => {
    if (found && performance.now() - found.at < DISCOVERY_MS) return found.configuration;
    const configuration = ask(settings, issuer, insecure);
    const mine = { at: performance.now(), configuration };
    found = mine;
    configuration.catch(() => {
      if (found === mine) found = undefined;
    });
    return configuration;
  };

  return {
    settings,
    begin: async (redirectUri, stepUp) => {
      const configuration = await reach(discover);
      const verifier = oidc.randomPKCECodeVerifier();
      const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
      const location = oidc.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: settings.scope,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        state,
        nonce,
        ...(stepUp && { max_age: String(stepUp.maxAge) }),
        ...(stepUp && settings.acr_values !== undefined && { acr_values: settings.acr_values }),
      });
      const attempt = { state, nonce, verifier, ...(stepUp && { maxAge: stepUp.maxAge }) };
      return { location: location.href, attempt };
    },
    finish: async (currentUrl, { state, nonce, verifier, maxAge }) => {
      const configuration = await reach(discover);
      const tokens = await settle("ACCESS_SIGN_IN_REFUSED", () =>
        oidc.authorizationCodeGrant(configuration, currentUrl, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
          ...(maxAge !== undefined && { maxAge }),
        }),
      );
      const done = signedIn(tokens, settings);
      const levels: readonly unknown[] | undefined = settings.acr_values?.split(" ");
      if (maxAge !== undefined && levels && !levels.includes(tokens.claims()?.["acr"]))
        throw new BotenstoffError("ACCESS_SIGN_IN_REFUSED", "signing in: not at the level asked for");
      return done;
    },
    refresh: async (refreshToken) => {
      const configuration = await reach(discover);
      try {
        return signedIn(await oidc.refreshTokenGrant(configuration, refreshToken), settings, refreshToken);
      } catch (error) {
        if (error instanceof oidc.ResponseBodyError && error.error === "invalid_grant") return undefined;
        throw unavailable(error);
      }
    },
    endSession: async (idToken, returnTo) => {
      const configuration = await reach(discover);
      if (configuration.serverMetadata().end_session_endpoint === undefined) return undefined;
      return oidc.buildEndSessionUrl(configuration, {
        id_token_hint: idToken,
        post_logout_redirect_uri: returnTo,
      }).href;
    },
    logoutOrder: async (token, now) => {
      const metadata = (await reach(discover)).serverMetadata();
      const uri = metadata.jwks_uri;
      if (uri === undefined) throw new BotenstoffError("ACCESS_LOGOUT_REFUSED", "reading a logout token: no keys");
      if (keys?.uri !== uri) {
        const options = { timeoutDuration: TIMEOUT_S * 1_000, [joseFetch]: globalThis.fetch };
        keys = { uri, set: createRemoteJWKSet(new URL(uri), options) };
      }
      const { set } = keys;
      return settle("ACCESS_LOGOUT_REFUSED", async () =>
        readLogoutToken(
          await jwtVerify(token, set, {
            issuer: metadata.issuer,
            audience: settings.client_id,
            algorithms: metadata.id_token_signing_alg_values_supported?.filter((alg) =>
              /^(RS|PS|ES|EdDSA|Ed)/.test(alg),
            ) ?? ["RS256"],
            clockTolerance: TOLERANCE_S,
            currentDate: now,
            maxTokenAge: "10m",
          }),
        ),
      );
    },
  };
}

async function ask(settings: ProviderSettings, issuer: URL, insecure: boolean): Promise<oidc.Configuration> {
  const { client_id: clientId, client_secret: secret } = settings;
  const authentication = secret === undefined ? await privateKeyOf(settings) : oidc.ClientSecretBasic(secret);
  return oidc.discovery(issuer, clientId, { [oidc.clockTolerance]: TOLERANCE_S }, authentication, {
    timeout: TIMEOUT_S,
    // Plain http, which the settings allow on loopback only.
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so that it stands out, as it should
    ...(insecure && { execute: [oidc.allowInsecureRequests] }),
  });
}

async function privateKeyOf({ private_key: pem = "", key_id: kid, algorithm }: ProviderSettings) {
  const der = createPrivateKey(pem).export({ format: "der", type: "pkcs8" });
  const key = await crypto.subtle.importKey("pkcs8", new Uint8Array(der), ALGORITHMS[algorithm], false, ["sign"]);
  return oidc.PrivateKeyJwt(kid === undefined ? key : { key, kid });
}

const ALGORITHMS = {
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  ES384: { name: "ECDSA", namedCurve: "P-384" },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  PS256: { name: "RSA-PSS", hash: "SHA-256" },
} as const;

function signedIn(
  tokens: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers,
  settings: ProviderSettings,
  refreshToken = tokens.refresh_token,
): SignedIn {
  const raw = tokens.claims();
  if (!raw || tokens.id_token === undefined)
    throw new BotenstoffError("ACCESS_SIGN_IN_REFUSED", "signing in: no ID token");
  const kept = tokens.refresh_token ?? refreshToken;
  return {
    claims: readClaims(raw, settings),
    idToken: tokens.id_token,
    ...(kept !== undefined && { refreshToken: kept }),
  };
}

async function reach(discover: () => Promise<oidc.Configuration>): Promise<oidc.Configuration> {
  try {
    return await discover();
  } catch (error) {
    throw unavailable(error);
  }
}

/** What the provider refuses, and what it says that does not hold, is the caller's fault; the rest is the provider's. */
async function settle<T>(
  code: "ACCESS_SIGN_IN_REFUSED" | "ACCESS_LOGOUT_REFUSED",
  run: () => Promise<T> | T,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (isNetwork(error)) throw unavailable(error);
    throw new BotenstoffError(code, `signing in or out: ${kindOfError(error)}`, { cause: error });
  }
}

function isNetwork(error: unknown): boolean {
  if (error instanceof TypeError) return true;
  return (
    Error.isError(error) && "code" in error && (error.code === "OAUTH_TIMEOUT" || error.code === "ERR_JWKS_TIMEOUT")
  );
}

function unavailable(cause: unknown): BotenstoffError {
  return new BotenstoffError("ACCESS_PROVIDER_UNAVAILABLE", `asking an identity provider: ${kindOfError(cause)}`, {
    cause,
  });
}
