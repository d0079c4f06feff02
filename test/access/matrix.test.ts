import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { accessFile } from "#src/access/settings.ts";
import { createApp } from "#src/api/app.ts";
import { createClients } from "#src/api/clients.ts";
import { ROUTES } from "#src/api/routes/index.ts";
import { MATRIX, RIGHTS, ROLES, type Right, type Role } from "#src/audit/rights.ts";
import { isGrave } from "#src/api/route.ts";
import { Secret } from "#src/message/secret.ts";
import { CANARY, CHANNEL, createHarness, NOW, TOKEN, type Harness } from "../api/harness.ts";

const ALL = Object.keys(ROLES) as Role[];
const GUARDED = ROUTES.filter(({ right }) => right !== "anyone");
const SESSION = "botenstoff-insecure-loopback";

let harness: Harness;
let server: Server;
let url: string;
/** A token and a session of every role, by role. */
const tokens = new Map<Role, string>();
/** A session that is over. */
let ended: { secret: string; csrf: string };
const sessions = new Map<Role, { secret: string; csrf: string }>();
/** The same, of people who proved who they are too long ago, or never said when. */
const stale = new Map<Role, { secret: string; csrf: string }[]>();

beforeAll(async () => {
  harness = await createHarness();
  const settings = accessFile.parse({
    providers: [
      {
        ...{ id: "staff", title: "Staff", issuer: "https://idp.example", client_id: "x", client_secret: "y" },
        roles: ALL.map((role) => ({ value: role, role })),
      },
    ],
  });
  const access = harness.accessWith({ settings, environment: new Secret(TOKEN) });
  for (const role of ALL) {
    const token = await harness.store.transaction((db) =>
      access.tokens.create(db, { name: `only-${role}`, roles: [role] }, "test"),
    );
    tokens.set(role, token ?? "");
    const begin = async (provenAt: number) => {
      const claims = { subject: role, name: role, groups: [role], provenAt, sid: null };
      const { secret } = await access.sessions.begin(harness.store, "staff", { claims, idToken: "" });
      return { secret, csrf: (await access.sessions.find(secret))?.csrf ?? "" };
    };
    sessions.set(role, await begin(NOW));
    ended = await begin(NOW);
    await access.sessions.end(ended.secret);
    stale.set(role, [await begin(NOW - access.stepUpMs - 1), await begin(0)]);
  }
  const clients = createClients({ proxies: ["127.0.0.1"], certificateHeader: "x-client-certificate" });
  server = createServer(createApp({ ...harness.deps, access, clients }));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await harness.close();
});

interface Asked {
  readonly method: string;
  readonly path: string;
}

/** From another address each time: what is measured is not how often somebody was wrong. */
async function ask({ method, path }: Asked, headers: Readonly<Record<string, string>>) {
  const address = `10.${Math.floor(Math.random() * 250)}.${Math.floor(Math.random() * 250)}.1`;
  const response = await fetch(`${url}${path.replace(/:name/, "no-such-token").replace(/:\w+/, randomUUID())}`, {
    method: method.toUpperCase(),
    headers: { "X-Forwarded-For": address, ...headers },
  });
  const text = await textOf(response);
  return { status: response.status, text, headers: response.headers };
}

/** All of an answer; of a stream, which has no end, what comes first. */
async function textOf(response: Response): Promise<string> {
  if (response.headers.get("content-type")?.startsWith("text/event-stream") !== true) return response.text();
  const reader = response.body!.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return Buffer.from(value ?? []).toString("utf8");
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const cookie = ({ secret, csrf }: { secret: string; csrf: string }) => ({
  Cookie: `${SESSION}=${secret}`,
  "Sec-Fetch-Site": "same-origin",
  "X-CSRF-Token": csrf,
});

describe.each(GUARDED)("$method $path", (route) => {
  const allowed = (role: Role) => route.right === "somebody" || MATRIX[role].includes(route.right as Right);

  test("lets in the roles of the matrix and no other, by token and by session", async () => {
    for (const role of ALL) {
      for (const headers of [bearer(tokens.get(role) ?? ""), cookie(sessions.get(role)!)]) {
        // The second route ends the session that asks.
        if (route.operationId === "endOwnSessions" && "Cookie" in headers) continue;
        const { status, text } = await ask(route, headers);
        expect([role, status]).not.toEqual([role, 401]);
        expect([role, status === 403 && text.includes("problem:forbidden")]).toEqual([role, !allowed(role)]);
      }
    }
  });

  test("asks a person for a fresh proof of identity where it is grave, and nobody else", async () => {
    for (const role of ALL) {
      for (const session of [sessions.get(role)!, ...stale.get(role)!]) {
        // It ends the session that asks.
        if (route.operationId === "endOwnSessions") continue;
        const { status, text, headers } = await ask(route, cookie(session));
        const asked = status === 401 && text.includes("problem:step-up");
        const fresh = session === sessions.get(role);
        expect([role, fresh, asked]).toEqual([role, fresh, !fresh && isGrave(route) && allowed(role)]);
        if (asked) expect(headers.get("www-authenticate")).toContain('error="insufficient_user_authentication"');
      }
    }
  });

  test("takes a session's cookie with its own token alone where it writes", async () => {
    if (route.method === "get") return;
    const [mine, other] = [sessions.get("admin")!, sessions.get("engineer")!];
    for (const csrf of [other.csrf, "", mine.secret]) {
      const { status, text } = await ask(route, cookie({ ...mine, csrf }));
      expect([status, text.includes("problem:foreign-request")]).toEqual([403, true]);
    }
  });

  test("keeps out whoever has no valid credential, all with one answer", async () => {
    const [revoked, expired] = await harness.store.transaction(async (db) => {
      const access = harness.accessWith({});
      const wish = { roles: ALL, name: `revoked-${route.operationId.toLowerCase()}` };
      const one = await access.tokens.create(db, wish, "test");
      await access.tokens.revoke(db, wish.name);
      const past = { ...wish, name: `expired-${route.operationId.toLowerCase()}`, expiresAt: new Date(NOW - 1) };
      return [one, await access.tokens.create(db, past, "test")];
    });
    const jwt = (header: object, claims: object = {}) =>
      [header, { sub: "anna", groups: ALL, exp: 4_102_444_800, ...claims }]
        .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
        .join(".");
    const token = tokens.get("machine") ?? "";
    const wrong: Readonly<Record<string, string>>[] = [
      bearer("guess"),
      bearer(`${token}x`),
      bearer(token.slice(0, -1)),
      bearer(token.toUpperCase()),
      bearer(revoked ?? ""),
      bearer(expired ?? ""),
      bearer(`${jwt({ alg: "none" })}.`),
      // Of the right issuer for another audience, of the right audience from another issuer, and one that was good once.
      ...[{ aud: "other" }, { aud: "x", iss: "https://elsewhere.example" }, { aud: "x", exp: 1 }].map((claims) =>
        bearer(`${jwt({ alg: "RS256" }, { iss: "https://idp.example", ...claims })}.AAAA`),
      ),
      bearer(`${jwt({ alg: "RS256", iss: "https://idp.example" })}.AAAA`),
      bearer(sessions.get("admin")!.secret),
      { Authorization: token },
      { Authorization: `Basic ${Buffer.from(`env:${TOKEN}`).toString("base64")}` },
      { ...cookie(sessions.get("admin")!), Cookie: `${SESSION}=${"A".repeat(43)}` },
      { ...cookie(sessions.get("admin")!), Cookie: `${SESSION}=${token}` },
      // Replayed after it was ended, by whoever kept it.
      cookie(ended),
      { ...cookie(sessions.get("admin")!), Cookie: `__Host-botenstoff=${sessions.get("admin")!.secret}` },
      // A wrong token is not made good by a right cookie.
      { ...cookie(sessions.get("machine")!), ...bearer("guess") },
    ];
    const answers = [await ask(route, {})];
    for (const headers of wrong) answers.push(await ask(route, headers));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 401));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });
});

test("every right is asked for by a route or guards a field, and every role but the clinician's has one", () => {
  const byRoute = new Set<string>(GUARDED.map(({ right }) => right));
  const byField = ["messages.find", "identifiers.read", "content.read", "sessions.manage"];
  for (const right of Object.keys(RIGHTS))
    expect([right, byRoute.has(right) || byField.includes(right)]).toEqual([right, true]);
  for (const role of ALL) expect([role, MATRIX[role].length > 0]).toEqual([role, role !== "clinician"]);
});

describe("what reaches whoever may not see it", () => {
  const impersonal = ALL.filter((role) => !MATRIX[role].includes("identifiers.read"));

  test.each(impersonal)("holds nothing personal for the role %s, wherever it looks", async (role) => {
    const { id } = await harness.put({ externalId: `wamid.${CANARY.phone}.${role}`, state: "held", reason: "unknown" });
    await harness.putDelivery(id, { destination: "chart", state: "accepted", receipt: { said: CANARY.name } });
    const notice = await harness.putNotice({ event: role });
    const read = ROUTES.filter(({ method, right }) => method === "get" && right !== "anyone");
    for (const { path } of read) {
      for (const query of ["", "?content=true", `?external_id=wamid.${CANARY.phone}.${role}`]) {
        const named = path.replace(":id", path.includes("notices") ? notice : id);
        const { text } = await ask({ method: "get", path: `${named}${query}` }, bearer(tokens.get(role) ?? ""));
        for (const [what, value] of Object.entries(CANARY)) {
          expect([named, what, text.includes(value)]).toEqual([named, what, false]);
          expect([named, what, text.includes(Buffer.from(value).toString("base64"))]).toEqual([named, what, false]);
        }
      }
    }
    expect(harness.journal.filter(({ action, actor }) => action === "content.read" && actor.includes(role))).toEqual(
      [],
    );
  });
});

describe("a role limited to a channel", () => {
  test("sees and does nothing on any other", async () => {
    const token = await harness.store.transaction((db) =>
      harness.accessWith({}).tokens.create(db, { name: "limited", roles: ALL, channels: [CHANNEL] }, "test"),
    );
    const [own, foreign] = [await harness.put(), await harness.put({ channel: "second", state: "failed" })];
    const notice = await harness.putNotice({ channel: "second" });
    const headers = bearer(token ?? "");
    for (const route of GUARDED) {
      const { path, method } = route;
      if (method === "get" && !path.includes(":")) {
        const { text } = await ask({ method, path }, headers);
        expect([path, text.includes('"second"')]).toEqual([path, false]);
      } else if (/\/(messages|notices)\/:id/.test(path)) {
        const named = path.replace(":id", path.includes("notices") ? notice : foreign.id);
        expect([path, (await ask({ method, path: named }, headers)).status]).toEqual([
          path,
          "body" in route ? 400 : 404,
        ]);
      }
    }
    const found = await ask({ method: "get", path: `/api/v1/messages?external_id=${foreign.externalId}` }, headers);
    expect(JSON.parse(found.text)).toMatchObject({ items: [] });
    expect((await ask({ method: "get", path: `/api/v1/messages/${own.id}` }, headers)).status).toBe(200);
    const decision = { released_by: "x", reason: "other", withdrawn_by: "x" };
    for (const verb of ["release", "withdraw"]) {
      const member = verb === "release" ? "released_by" : "withdrawn_by";
      const response = await fetch(`${url}/api/v1/messages/${foreign.id}/${verb}`, {
        method: "POST",
        headers: { ...headers, "Content-Type": "application/json" },
        body: JSON.stringify({ reason: decision.reason, [member]: "x" }),
      });
      expect([verb, response.status]).toEqual([verb, 404]);
    }
  });
});
