import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Provider, type Configuration, type JWK } from "oidc-provider";
import { memoryAdapter } from "./memory.ts";

/** An identity provider as a hospital has one: OpenID Connect with groups, refresh tokens and back-channel logout. */
export interface IdentityProvider {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Puts a person into other groups; what was issued stays, what is refreshed follows. */
  setGroups(login: string, groups: readonly string[]): void;
  /** Refuses every refresh from now on, as after a person was locked out. */
  refuseRefresh(): void;
  close(): Promise<void>;
}

export interface Person {
  readonly name: string;
  readonly groups: readonly string[];
}

interface Options {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Where the client is reached by browsers and by this provider: `http://127.0.0.1:8080`. */
  readonly clientUrl: string;
  /** The provider's name in the client's addresses. */
  readonly providerId: string;
  /** By login; nobody has a password. */
  readonly people: Readonly<Record<string, Person>>;
  /** False: it does not say when a person proved who he is, unless asked. */
  readonly tellsWhen?: boolean;
  /** Public keys of a client that signs instead of sharing a secret. */
  readonly clientKeys?: readonly JWK[];
}

const CLIENT_ID = "botenstoff";
const CLIENT_SECRET = "a-secret-of-the-simulated-provider-only";

/** Asks who it is by a page with one button per person; state is in memory and dies with the server. */
export async function startIdentityProvider(options: Options): Promise<IdentityProvider> {
  const { host, port, people } = options;
  const groups = new Map(Object.entries(people).map(([login, person]) => [login, person.groups]));
  const server = createServer();
  server.listen(port, host);
  await once(server, "listening");
  const url = `http://${host}:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(url, configurationOf(options, groups));
  const answer = provider.callback();
  let refusing = false;
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.url?.startsWith("/interaction/") === true) await ask(provider, people, request, response);
    else if (refusing && request.url === "/token") sendRefusal(response);
    else await answer(request, response);
  };
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    serve(request, response).catch(() => response.destroy());
  });
  return {
    url,
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    setGroups: (login, now) => void groups.set(login, now),
    refuseRefresh: () => {
      refusing = true;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function configurationOf(
  { clientUrl, providerId, people, clientKeys, tellsWhen = true }: Options,
  groups: ReadonlyMap<string, readonly string[]>,
): Configuration {
  const signing = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });
  return {
    adapter: memoryAdapter(),
    jwks: { keys: [{ ...(signing as JWK), use: "sig", alg: "RS256", kid: "simulated" }] },
    clients: [
      {
        client_id: CLIENT_ID,
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        redirect_uris: [`${clientUrl}/auth/callback/${providerId}`],
        post_logout_redirect_uris: [`${clientUrl}/console/`],
        backchannel_logout_uri: `${clientUrl}/auth/back-channel/${providerId}`,
        backchannel_logout_session_required: true,
        require_auth_time: tellsWhen,
        ...(clientKeys
          ? { token_endpoint_auth_method: "private_key_jwt", jwks: { keys: [...clientKeys] } }
          : { client_secret: CLIENT_SECRET }),
      },
    ],
    claims: { openid: ["sub"], profile: ["name", "groups"] },
    conformIdTokenClaims: false,
    scopes: ["openid", "profile", "offline_access"],
    features: {
      backchannelLogout: { enabled: true },
      devInteractions: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (context, form) => {
          context.body = page(`${form}<button form="op.logoutForm" name="logout" value="yes">Sign out</button>`);
        },
        postLogoutSuccessSource: (context) => {
          context.body = page("<p>Signed out.</p>");
        },
      },
    },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    enabledJWA: { clientAuthSigningAlgValues: ["ES256", "RS256"] },
    pkce: { required: () => true },
    issueRefreshToken: () => true,
    // Whoever signs in agrees: it is the house's own engine.
    loadExistingGrant: async (context) => {
      const { client, session } = context.oidc;
      const grant = new context.oidc.provider.Grant({ clientId: client?.clientId, accountId: session?.accountId });
      grant.addOIDCScope("openid profile offline_access");
      await grant.save();
      return grant;
    },
    cookies: { keys: [CLIENT_SECRET] },
    ttl: {
      ...{ AccessToken: 600, AuthorizationCode: 60, IdToken: 600, RefreshToken: 36_000 },
      ...{ Session: 36_000, Grant: 36_000, Interaction: 600 },
    },
    findAccount: (_context, login) => {
      const person = people[login];
      if (!person) return undefined;
      const claims = () => ({ sub: login, name: person.name, groups: [...(groups.get(login) ?? [])] });
      return { accountId: login, claims };
    },
    // The library refuses addresses on loopback unless told otherwise.
    fetch: (address, init) => {
      const { dispatcher: _refusing, ...rest } = { dispatcher: undefined, ...init };
      return globalThis.fetch(address, rest);
    },
  };
}

/** Shows a button per person, and takes the one that was pressed for who it is. */
async function ask(
  provider: Provider,
  people: Options["people"],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const login = new URL(request.url ?? "", "http://provider").searchParams.get("login");
  if (request.method === "POST" && login !== null) {
    await provider.interactionFinished(request, response, { login: { accountId: login } });
    return;
  }
  const { uid } = await provider.interactionDetails(request, response);
  const forms = Object.entries(people).map(
    ([name, { name: title, groups }]) =>
      `<form method="post" action="/interaction/${uid}?login=${name}"><button>${title}</button> ${groups.join(", ")}</form>`,
  );
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  response.end(page(forms.join("\n")));
}

function page(body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Simulated identity provider</title><h1>Who are you?</h1>${body}</html>`;
}

function sendRefusal(response: ServerResponse): void {
  response.writeHead(400, { "Content-Type": "application/json" }).end(JSON.stringify({ error: "invalid_grant" }));
}
