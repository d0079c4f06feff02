import { createHash, randomUUID, X509Certificate } from "node:crypto";
import { Agent, request } from "node:https";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { accessFile } from "#src/access/settings.ts";
import { createApp } from "#src/api/app.ts";
import { createClients } from "#src/api/clients.ts";
import { Connections } from "#src/api/connections.ts";
import { ROUTES } from "#src/api/routes/index.ts";
import { startServer, type RunningServer } from "#src/api/server.ts";
import { MATRIX, ROLES, type Right, type Role } from "#src/audit/rights.ts";
import { createAuthority, type Issued } from "../support/certificates.ts";
import { createHarness, NOW, type Harness } from "../api/harness.ts";

const ALL = Object.keys(ROLES) as Role[];
const GUARDED = ROUTES.filter(({ right }) => right !== "anyone");
const house = createAuthority("House CA");
const own = house.issue("engine.example");
/** A client certificate and a connection for each role. */
const holders = new Map(ALL.map((role) => [role, house.issue(`${role}.example`)]));
const agents: Agent[] = [];

let harness: Harness;
let access: ReturnType<Harness["accessWith"]>;
let server: RunningServer;
let behindProxy: RunningServer;

beforeAll(async () => {
  harness = await createHarness();
  const settings = accessFile.parse({
    public_url: "https://localhost",
    providers: [
      {
        ...{ id: "staff", title: "Staff", issuer: "https://idp.example", client_id: "x", client_secret: "y" },
        roles: ALL.map((role) => ({ value: role, role })),
      },
    ],
  });
  access = harness.accessWith({ settings });
  for (const role of ALL) await makeToken(`by-${role}`, role, holders.get(role)!);
  const open = (proxies: readonly string[]) => {
    const connections = new Connections();
    const clients = createClients({ proxies, certificateHeader: "x-client-certificate" });
    const tls = { cert: Buffer.from(own.cert), key: Buffer.from(own.key), ca: Buffer.from(house.cert) };
    const app = createApp({ ...harness.deps, access, clients, connections });
    return startServer(app, { host: "127.0.0.1", port: 0, tls, connections });
  };
  server = await open([]);
  behindProxy = await open(["127.0.0.1"]);
});
afterAll(async () => {
  for (const agent of agents) agent.destroy();
  await Promise.all([server.close(), behindProxy.close()]);
  await harness.close();
});

async function makeToken(name: string, role: Role, { cert }: Issued, expiresAt?: Date) {
  const certificate = createHash("sha256").update(new X509Certificate(cert).raw).digest();
  return harness.store.transaction((db) =>
    access.tokens.create(db, { name, roles: [role], certificate, expiresAt }, "test"),
  );
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly cookies: readonly string[];
}

/** Asks in connections of its own for each client; of a stream, which has no end, what comes first. */
function caller(client?: Issued, at = () => server) {
  const agent = new Agent({ keepAlive: true, ca: house.cert, ...(client && { cert: client.cert, key: client.key }) });
  agents.push(agent);
  return (
    { method, path }: { readonly method: string; readonly path: string },
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const named = path.replace(/:name/, "no-such-token").replace(/:\w+/, randomUUID());
      const { port } = new URL(at().url);
      const asked = request({ host: "localhost", port, path: named, method, headers, agent }, (response) => {
        let text = "";
        const done = () =>
          resolve({ status: response.statusCode ?? 0, text, cookies: response.headers["set-cookie"] ?? [] });
        response.setEncoding("utf8").on("data", (piece: string) => {
          text += piece;
          if (response.headers["content-type"]?.startsWith("text/event-stream") !== true) return;
          done();
          response.destroy();
        });
        response.on("end", done);
      });
      asked.on("error", reject).end();
    });
}

const callers = new Map(ALL.map((role) => [role, caller(holders.get(role))]));

test.each(GUARDED)("$method $path lets in the certificates of the roles of the matrix and no other", async (route) => {
  for (const role of ALL) {
    const allowed = route.right === "somebody" || MATRIX[role].includes(route.right as Right);
    const { status, text } = await callers.get(role)!(route);
    expect([role, status]).not.toEqual([role, 401]);
    expect([role, status === 403 && text.includes("problem:forbidden")]).toEqual([role, !allowed]);
  }
});

describe("a client certificate", () => {
  const me = { method: "get", path: "/api/v1/me" };

  test("stands for its token, by the token's name", async () => {
    const { status, text } = await callers.get("machine")!(me);
    expect([status, JSON.parse(text)]).toEqual([200, expect.objectContaining({ kind: "machine", name: "by-machine" })]);
    const listed = (await access.tokens.list()).find(({ name }) => name === "by-machine");
    expect(listed?.usedAt).not.toBeNull();
  });

  test("is none where it is unknown, expired, self-made, or its token has ended: the answer is that to nobody", async () => {
    const past = { from: new Date("2020-01-01"), to: new Date("2020-12-31") };
    const [revoked, ended, expired] = [house.issue("a"), house.issue("b"), house.issue("c", past)];
    const foreign = createAuthority("Another CA").issue("machine.example");
    await makeToken("revoked", "admin", revoked);
    await harness.store.transaction((db) => access.tokens.revoke(db, "revoked"));
    await makeToken("ended", "admin", ended, new Date(NOW - 1));
    await makeToken("out-of-date", "admin", expired);
    await makeToken("foreign", "admin", foreign);
    const wrong = [undefined, house.issue("machine.example"), revoked, ended, expired, foreign];
    const answers = await Promise.all(wrong.map((client) => caller(client)(me)));
    expect(answers.map(({ status }) => status)).toEqual(wrong.map(() => 401));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });

  test("does not make a wrong token or a wrong cookie good", async () => {
    const admin = callers.get("admin")!;
    expect((await admin(me, { Authorization: "Bearer guess" })).status).toBe(401);
    expect((await admin(me, { Cookie: `__Host-botenstoff=${"A".repeat(43)}` })).status).toBe(401);
  });

  test.each([
    ["Sec-Fetch-Site", "same-origin"],
    ["Sec-Fetch-Site", "cross-site"],
    ["Origin", "https://elsewhere.example"],
    ["Referer", "https://elsewhere.example/"],
  ])("counts for nothing in a browser, which shows it for any page: %s %s", async (name, value) => {
    expect((await callers.get("admin")!(me, { [name]: value })).status).toBe(401);
  });

  test("that a proxy tells of, or that the proxy itself shows, is none", async () => {
    const told = { "X-Client-Certificate": "CN=admin.example" };
    expect((await caller(undefined)(me, told)).status).toBe(401);
    expect((await caller(holders.get("admin"), () => behindProxy)(me, told)).status).toBe(401);
  });

  test("stands for one token at a time, and for another once that is revoked", async () => {
    const client = house.issue("moves");
    expect(await makeToken("first", "auditor", client)).toBeDefined();
    expect(await makeToken("second", "admin", client)).toBeUndefined();
    await harness.store.transaction((db) => access.tokens.revoke(db, "first"));
    expect(await makeToken("second", "engineer", client)).toBeDefined();
    expect(JSON.parse((await caller(client)(me)).text)).toMatchObject({ name: "second", roles: ["engineer"] });
  });
});

describe("a session over https", () => {
  const begin = async () => {
    const claims = { subject: "x", name: "X", groups: ["admin"], provenAt: NOW, sid: null };
    const { secret } = await access.sessions.begin(harness.store, "staff", { claims, idToken: "" });
    return { secret, csrf: (await access.sessions.find(secret))?.csrf ?? "" };
  };

  test("is taken in a __Host- cookie and in no other, and ended in one", async () => {
    const { secret, csrf } = await begin();
    const ask = caller();
    const page = { "Sec-Fetch-Site": "same-origin", "X-CSRF-Token": csrf };
    const me = { method: "get", path: "/api/v1/me" };
    for (const name of ["botenstoff-insecure-loopback", "botenstoff", "__Secure-botenstoff", "__host-botenstoff"])
      expect([name, (await ask(me, { ...page, Cookie: `${name}=${secret}` })).status]).toEqual([name, 401]);
    const Cookie = `__Host-botenstoff=${secret}`;
    expect((await ask(me, { ...page, Cookie })).status).toBe(200);
    const { cookies } = await ask({ method: "post", path: "/auth/logout" }, { ...page, Cookie });
    expect(cookies).toEqual([
      expect.stringMatching(/^__Host-botenstoff=; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=0$/),
    ]);
    expect((await ask(me, { ...page, Cookie })).status).toBe(401);
  });
});
