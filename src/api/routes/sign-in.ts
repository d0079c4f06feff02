import { z } from "zod";
import { BotenstoffError } from "#src/message/error-code.ts";
import { guardBrowser, isOwnPage, originOf, ownPath, readCookie, setCookie } from "../browser.ts";
import { whoOf } from "../journal-entry.ts";
import { forbidden, notFound, Problem } from "../problem.ts";
import { json, own, route, type RouteContext } from "../route.ts";

// Where browsers sign in and out. The identity provider knows these addresses; they answer with redirects and cookies.

const providerId = z.string().regex(/^[a-z0-9-]{1,32}$/, "Not a provider's id");

export const listProviders = route({
  operationId: "listProviders",
  tag: "access",
  method: "get",
  path: "/auth/providers",
  right: "anyone",
  summary: "Lists where people may sign in",
  answer: json(
    "ProviderList",
    z.strictObject({ items: z.array(z.strictObject({ id: providerId, title: z.string() })) }),
    "All of them.",
  ),
  handle: (_input, { deps }) => ({ items: [...deps.access.providers] }),
});

export const beginSignIn = route({
  operationId: "beginSignIn",
  tag: "access",
  method: "get",
  path: "/auth/login",
  right: "anyone",
  summary: "Leads the browser to an identity provider",
  details: "Without `provider`: the only one there is. `step_up=true` asks for a fresh proof of identity.",
  query: z.strictObject({
    provider: providerId.optional(),
    return: z.string().max(2_000).optional().describe("A path of this engine to come back to."),
    step_up: z.enum(["true", "false"]).optional(),
  }),
  answer: own("text/plain", "To the identity provider.", 303),
  problems: {
    404: "No such provider.",
    421: "Not reachable under this name.",
    503: "The identity provider does not answer.",
  },
  handle: async ({ query }, { deps, request, response }) => {
    const { access } = deps;
    const only = access.providers.length === 1 ? access.providers[0]?.id : undefined;
    const id = query.provider ?? only;
    const origin = originOf(request, access.publicUrl);
    const begun =
      id === undefined
        ? undefined
        : await access.beginSignIn(
            id,
            `${origin}/auth/callback/${id}`,
            ownPath(query.return, origin),
            query.step_up === "true",
          );
    if (!begun) throw notFound("provider");
    setCookie(request, response, "signIn", begun.cookie, begun.maxAgeMs);
    response.redirect(303, begun.location);
  },
});

export const finishSignIn = route({
  operationId: "finishSignIn",
  tag: "access",
  method: "get",
  path: "/auth/callback/:provider",
  right: "anyone",
  summary: "Takes the browser back from an identity provider, and begins a session",
  details: "A session the browser had before ends. The journal keeps the beginning.",
  params: z.strictObject({ provider: providerId }),
  names: "provider",
  answer: own("text/plain", "To where the sign-in began; a cookie is set.", 303),
  problems: {
    403: "Not begun in this browser, refused by the provider, or without a role.",
    503: "The identity provider does not answer.",
  },
  handle: async ({ params }, context) => {
    const { request, response } = context;
    setCookie(request, response, "signIn");
    const { signedIn, returnTo } = await proveSignIn(context, params.provider);
    await startSession(context, params.provider, signedIn);
    response.redirect(303, returnTo);
  },
});

/** Begins a session and ends the one the browser had before. @throws Problem 403 for whoever has no role */
async function startSession(
  { deps, request, response }: RouteContext,
  provider: string,
  proof: unknown,
): Promise<void> {
  const { access } = deps;
  const before = readCookie(request, "session");
  if (before !== undefined) await access.signOut(before, "");
  const { secret, endsAt } = await deps.store.transaction(async (db) => {
    const begun = await access.sessions.begin(db, provider, proof);
    const { principal } = begun;
    // Nobody is let in who may nothing; thrown here, it takes the session back.
    if (principal.grants.length === 0) throw forbidden;
    const roles = [...new Set(principal.grants.map(({ role }) => role))].join(" ");
    await deps.journal(
      {
        action: "session.begun",
        actor: principal.actor,
        who: whoOf(principal, request.ip ?? null),
        subject: principal.person?.session ?? "",
        detail: { provider, roles },
      },
      db,
    );
    return begun;
  });
  setCookie(request, response, "session", secret, endsAt.getTime() - deps.now());
}

export const signInByBreakGlass = route({
  operationId: "signInByBreakGlass",
  tag: "access",
  method: "post",
  path: "/auth/break-glass",
  right: "anyone",
  summary: "Begins a session of a break-glass account, by its password and a code of its authenticator",
  details:
    "Accounts are opened by command (`botenstoff access break-glass open`), for the time without an identity provider.",
  body: z.strictObject({ name: z.string().max(63), password: z.string().max(200), code: z.string().max(10) }),
  answer: { ...own("text/plain", "A cookie is set.", 204), empty: true },
  problems: { 401: "Whatever of it is wrong.", 403: "Sent from another site.", 429: "Wrong too often: wait." },
  handle: async ({ body }, context) => {
    const { deps, request } = context;
    if (!isOwnPage(request)) throw forbidden;
    const proven = await deps.access.proveHolder(body.name, body.password, body.code, request.ip ?? "");
    if (proven && "waitMs" in proven) throw wait(proven.waitMs);
    if (!proven) {
      deps.log("warn", "access.break_glass_refused");
      throw new Problem(401, "problem:break-glass-refused", "Refused", "Wait for the next code, then try again.");
    }
    await startSession(context, proven.provider, proven.proof);
    deps.log("warn", "access.break_glass_used");
  },
});

function wait(ms: number): Problem {
  const headers = { "Retry-After": String(Math.ceil(ms / 1_000)) };
  return new Problem(429, "problem:wait", "Too early", "Wait before the next attempt.", { headers });
}

/** @throws Problem 403 that says nothing of the reason; a provider that is down is told apart */
async function proveSignIn({ deps, request }: RouteContext, provider: string) {
  try {
    const query = new URL(request.originalUrl, "http://engine").search;
    return await deps.access.finishSignIn(provider, readCookie(request, "signIn"), query);
  } catch (error) {
    if (!(error instanceof BotenstoffError) || error.code !== "ACCESS_SIGN_IN_REFUSED") throw error;
    deps.log("warn", "access.sign_in_refused", { provider, error: error.code });
    throw new Problem(403, "problem:sign-in-refused", "Sign-in refused", "Sign in again, in this browser.");
  }
}

export const signOut = route({
  operationId: "signOut",
  tag: "access",
  method: "post",
  path: "/auth/logout",
  right: "anyone",
  summary: "Ends the session of this browser",
  details: "Then lead the browser to `location`, where it ends at the identity provider too.",
  answer: json("SignedOut", z.strictObject({ location: z.string() }), "Signed out."),
  handle: async (_input, { deps, request, response }) => {
    const { access } = deps;
    const back = `${originOf(request, access.publicUrl)}/console/`;
    const secret = readCookie(request, "session");
    const session = secret === undefined ? undefined : await access.sessions.find(secret);
    setCookie(request, response, "session");
    if (secret === undefined || !session) return { location: back };
    guardBrowser(request, session, access.publicUrl);
    const { principal } = session;
    await deps.store.transaction((db) =>
      deps.journal(
        {
          action: "session.ended",
          actor: principal.actor,
          who: whoOf(principal, request.ip ?? null),
          subject: principal.person?.session ?? "",
          detail: { by: "person" },
        },
        db,
      ),
    );
    return { location: await access.signOut(secret, back) };
  },
});

export const backChannelLogout = route({
  operationId: "backChannelLogout",
  tag: "access",
  method: "post",
  path: "/auth/back-channel/:provider",
  right: "anyone",
  summary: "Ends sessions when the identity provider says so (OpenID Connect Back-Channel Logout)",
  params: z.strictObject({ provider: providerId }),
  names: "provider",
  body: z.looseObject({ logout_token: z.string().max(8_000) }),
  form: true,
  answer: { ...own("text/plain", "Obeyed, now or before."), empty: true },
  problems: { 503: "The provider's keys cannot be had." },
  handle: async ({ params, body }, { deps }) => {
    await deps.store
      .transaction(async (db) => {
        for (const { id } of await deps.access.obeyLogout(db, params.provider, body.logout_token)) {
          await deps.journal(
            {
              action: "session.ended",
              actor: `provider:${params.provider}`,
              who: null,
              subject: id,
              detail: { by: "provider" },
            },
            db,
          );
        }
      })
      .catch((error: unknown) => {
        if (!(error instanceof BotenstoffError) || error.code !== "ACCESS_LOGOUT_REFUSED") throw error;
        throw new Problem(400, "problem:logout-refused", "Not a logout token", "Nothing was ended.");
      });
  },
});
