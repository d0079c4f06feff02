import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { SignJWT } from "jose";
import { readClaims } from "#src/access/oidc/claims.ts";
import { accessFile, type ProviderSettings } from "#src/access/settings.ts";
import { Browser, proveAt, signIn } from "../support/browser.ts";
import { createAccessHarness, type AccessHarness } from "./harness.ts";

const SESSION = "botenstoff-insecure-loopback";
const ATTEMPT = "botenstoff-sign-in-insecure-loopback";

let harness: AccessHarness;
beforeAll(async () => {
  harness = await createAccessHarness();
});
afterEach(() => {
  harness.clock.aheadMs = 0;
  harness.journal.length = 0;
});
afterAll(() => harness.close());

describe("signing in", () => {
  test("leads through the identity provider and back to where it began, with the roles of the person's groups", async () => {
    const browser = new Browser();
    const page = await signIn(browser, harness.url, "clara", "provider=staff&return=/console/messages%3Fstate%3Dheld");
    expect(page.url).toBe(`${harness.url}/console/messages?state=held`);
    const me = await browser.fetch(`${harness.url}/api/v1/me`);
    expect(await me.json()).toMatchObject({
      kind: "person",
      provider: "staff",
      name: "Clara Klar",
      roles: ["clerk"],
      rights: expect.arrayContaining([{ right: "content.read", channels: ["whatsapp-to-kis"] }]),
      session: { csrf: expect.any(String), id: expect.any(String) },
    });
    const [begun] = harness.journal;
    expect(begun).toMatchObject({
      action: "session.begun",
      who: { subject: "clara", provider: "staff", name: "Clara Klar", roles: ["clerk"], address: "127.0.0.1" },
    });
    expect(`${begun?.actor} ${JSON.stringify(begun?.detail)}`).not.toMatch(/clara/i);
  });

  test("asks with PKCE by SHA-256, a state and a nonce, each of its own", async () => {
    const ask = async () => new URL((await new Browser().fetch(`${harness.url}/auth/login`)).headers.get("location")!);
    const [one, other] = [await ask(), await ask()];
    expect(one.searchParams.get("code_challenge_method")).toBe("S256");
    expect(one.searchParams.get("response_type")).toBe("code");
    for (const name of ["state", "nonce", "code_challenge"]) {
      expect(one.searchParams.get(name)?.length).toBeGreaterThan(20);
      expect(one.searchParams.get(name)).not.toBe(other.searchParams.get(name));
    }
  });

  test("leaves a person without a role outside, and says nothing of the reason", async () => {
    const { browser, page } = await harness.person("nora");
    expect(page.response.status).toBe(403);
    expect(browser.cookie(harness.url, SESSION)).toBeUndefined();
    expect(harness.journal).toEqual([]);
    const { rows } = await harness.store.query("SELECT FROM access_session WHERE sealed IS NULL");
    expect(rows).toEqual([]);
  });

  test.each(["//evil.example", "https://evil.example/", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)"])(
    "comes back to the console instead of %s",
    async (wanted) => {
      const page = await signIn(
        new Browser(),
        harness.url,
        "erin",
        `provider=staff&return=${encodeURIComponent(wanted)}`,
      );
      expect(page.url).toBe(`${harness.url}/console/`);
    },
  );

  test("cannot be finished in another browser than the one it began in", async () => {
    const attacker = new Browser();
    const back = await proveAt(attacker, harness.url, "erin");
    expect((await new Browser().fetch(back)).status).toBe(403);
    const another = new Browser();
    await another.fetch(`${harness.url}/auth/login?provider=staff`);
    expect((await another.fetch(back)).status).toBe(403);
    expect((await attacker.fetch(back)).status).toBe(303);
  });

  test.each([
    ["another state", (url: URL) => url.searchParams.set("state", "x")],
    ["another issuer", (url: URL) => url.searchParams.set("iss", "http://127.0.0.1:1")],
    ["another code", (url: URL) => url.searchParams.set("code", "x")],
    ["no code", (url: URL) => url.searchParams.delete("code")],
    ["an error of the provider", (url: URL) => url.searchParams.set("error", "access_denied")],
  ])("is refused with %s", async (_what, spoil) => {
    const browser = new Browser();
    const url = new URL(await proveAt(browser, harness.url, "erin"));
    spoil(url);
    const answer = await browser.fetch(url.href);
    expect(answer.status).toBe(403);
    expect(await answer.json()).toEqual({
      type: "urn:botenstoff:problem:sign-in-refused",
      title: "Sign-in refused",
      status: 403,
      detail: "Sign in again, in this browser.",
    });
    expect(browser.cookie(harness.url, SESSION)).toBeUndefined();
  });

  test("is refused when its first half is too old, or was used", async () => {
    const { browser } = await harness.person("erin");
    expect(browser.cookie(harness.url, ATTEMPT)).toBeUndefined();
    const late = new Browser();
    const url = await proveAt(late, harness.url, "erin");
    harness.clock.aheadMs = 11 * 60_000;
    expect((await late.fetch(url)).status).toBe(403);
  });

  test("sets a cookie that scripts cannot read and other sites do not send", async () => {
    const browser = new Browser();
    const url = await proveAt(browser, harness.url, "erin");
    const lines = (await browser.fetch(url)).headers.getSetCookie();
    const line = lines.find((one) => one.startsWith(`${SESSION}=`)) ?? "";
    expect(line).toMatch(/; Path=\/; HttpOnly; SameSite=Lax; Max-Age=36000$/);
    expect(line).not.toMatch(/Domain/i);
  });
});

describe("a session", () => {
  test("is new after each sign-in, and the one before has ended: nobody can fix one beforehand", async () => {
    const victim = await harness.person("erin");
    const before = victim.browser.cookie(harness.url, SESSION)!;
    await signIn(victim.browser, harness.url, "erin");
    expect(victim.browser.cookie(harness.url, SESSION)).not.toBe(before);
    const thief = new Browser();
    thief.setCookie(harness.url, SESSION, before);
    expect((await thief.fetch(`${harness.url}/api/v1/me`)).status).toBe(401);
    expect((await victim.get("/api/v1/me")).status).toBe(200);
  });

  test("ends when it is not used, and at its absolute limit however much it is used", async () => {
    const { get } = await harness.person("erin");
    harness.clock.aheadMs = 14 * 60_000;
    expect((await get("/api/v1/me")).status).toBe(200);
    harness.clock.aheadMs = 28 * 60_000;
    expect((await get("/api/v1/me")).status).toBe(200);
    harness.clock.aheadMs = 44 * 60_000;
    expect((await get("/api/v1/me")).status).toBe(401);
    harness.clock.aheadMs = 0;
    const busy = await harness.person("erin");
    for (let minutes = 10; minutes < 600; minutes += 10) {
      harness.clock.aheadMs = minutes * 60_000;
      expect([minutes, (await busy.get("/api/v1/me")).status]).toEqual([minutes, 200]);
    }
    harness.clock.aheadMs = 600 * 60_000;
    expect((await busy.get("/api/v1/me")).status).toBe(401);
  });

  test("ends by signing out, here and at the provider", async () => {
    const { browser, send, get } = await harness.person("erin");
    const secret = browser.cookie(harness.url, SESSION)!;
    const { location } = (await (await send("POST", "/auth/logout")).json()) as { location: string };
    expect(location.startsWith(`${harness.provider.url}/session/end?id_token_hint=`)).toBe(true);
    expect((await get("/api/v1/me")).status).toBe(401);
    browser.setCookie(harness.url, SESSION, secret);
    expect((await get("/api/v1/me")).status).toBe(401);
    expect(harness.journal.at(-1)).toMatchObject({ action: "session.ended", who: { subject: "erin" } });
  });

  test("ends when the provider says so, through its back channel", async () => {
    const { browser, get } = await harness.person("erin");
    expect((await get("/api/v1/me")).status).toBe(200);
    const asked = await browser.go(`${harness.provider.url}/session/end`);
    await browser.submit(asked, { fields: { logout: "yes" } });
    expect((await get("/api/v1/me")).status).toBe(401);
    expect(harness.journal.at(-1)).toMatchObject({ actor: "provider:staff", action: "session.ended" });
  });

  test("obeys nobody but the provider, and no token but one for logging out", async () => {
    const { browser, send, get } = await harness.person("erin");
    const { location } = (await (await send("POST", "/auth/logout")).json()) as { location: string };
    const idToken = new URL(location).searchParams.get("id_token_hint")!;
    await signIn(browser, harness.url, "erin");
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const claims = { events: { "http://schemas.openid.net/event/backchannel-logout": {} }, jti: "1" };
    const forge = (issuer: string) =>
      new SignJWT({ ...claims, sub: "erin" })
        .setProtectedHeader({ alg: "RS256", kid: "simulated", typ: "logout+jwt" })
        .setIssuer(issuer)
        .setAudience(harness.provider.clientId)
        .setIssuedAt()
        .setExpirationTime("2m")
        .sign(privateKey);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const unsigned = `${part({ alg: "none" })}.${part({ ...claims, sub: "erin", iss: harness.provider.url })}.`;
    const tokens = [idToken, await forge(harness.provider.url), await forge("http://127.0.0.1:1"), unsigned, "x", ""];
    for (const token of tokens) {
      const body = new URLSearchParams({ logout_token: token });
      const answer = await fetch(`${harness.url}/auth/back-channel/staff`, { method: "POST", body });
      expect([tokens.indexOf(token), answer.status]).toEqual([tokens.indexOf(token), 400]);
    }
    const elsewhere = new URLSearchParams({ logout_token: await forge(harness.provider.url) });
    expect((await fetch(`${harness.url}/auth/back-channel/other`, { method: "POST", body: elsewhere })).status).toBe(
      400,
    );
    expect((await get("/api/v1/me")).status).toBe(200);
  });

  test("follows the groups within a minute: a role that is taken is gone, and without any the session ends", async () => {
    const { get, me } = await harness.person("erin");
    expect((await me()).roles).toEqual(["engineer"]);
    harness.provider.setGroups("erin", ["auditors"]);
    harness.clock.aheadMs = 61_000;
    expect((await me()).roles).toEqual(["auditor"]);
    harness.provider.setGroups("erin", []);
    harness.clock.aheadMs = 122_000;
    expect((await get("/api/v1/me")).status).toBe(401);
    harness.provider.setGroups("erin", ["engineers"]);
  });

  test("ends when the provider refuses to go on with it, as after somebody was locked out", async () => {
    const other = await createAccessHarness();
    try {
      const { get } = await other.person("erin");
      other.provider.refuseRefresh();
      expect((await get("/api/v1/me")).status).toBe(200);
      other.clock.aheadMs = 61_000;
      expect((await get("/api/v1/me")).status).toBe(401);
    } finally {
      await other.close();
    }
  });

  test("of a person is listed and ended by himself, of others only by an administrator", async () => {
    const [one, other, admin] = [
      await harness.person("erin"),
      await harness.person("axel"),
      await harness.person("anna"),
    ];
    const { id } = (await other.me()).session!;
    const mine = (await (await one.get("/api/v1/sessions")).json()) as { items: { id: string; name: string }[] };
    expect(mine.items.every(({ name }) => name === "Erin Engel")).toBe(true);
    expect((await one.get("/api/v1/sessions?of=all")).status).toBe(403);
    expect((await one.send("DELETE", `/api/v1/sessions/${id}`)).status).toBe(404);
    expect((await admin.get("/api/v1/sessions?of=all")).status).toBe(200);
    expect((await admin.send("DELETE", `/api/v1/sessions/${id}`)).status).toBe(204);
    expect((await other.get("/api/v1/me")).status).toBe(401);
    expect((await one.send("DELETE", "/api/v1/sessions")).status).toBe(204);
    expect((await one.get("/api/v1/me")).status).toBe(401);
  });

  test("that nobody uses ends, however often its page asks by itself", async () => {
    const { browser, me } = await harness.person("axel");
    const itself = { headers: { "Sec-Fetch-Site": "same-origin", "X-Unattended": "true" } };
    const ask = async () => (await browser.fetch(`${harness.url}/api/v1/me`, itself)).status;
    for (const minutes of [5, 10, 14]) {
      harness.clock.aheadMs = minutes * 60_000;
      expect([minutes, await ask()]).toEqual([minutes, 200]);
    }
    expect((await me()).roles).toEqual(["auditor"]);
    harness.clock.aheadMs = 28 * 60_000;
    expect(await ask()).toBe(200);
    harness.clock.aheadMs = 30 * 60_000;
    expect(await ask()).toBe(401);
  });

  test("lies in the database without a name, a subject or anything a thief could use", async () => {
    const { browser } = await harness.person("clara");
    const secret = browser.cookie(harness.url, SESSION)!;
    const { rows } = await harness.store.query<{ text: string }>(
      "SELECT access_session::text AS text FROM access_session",
    );
    const dump = rows.map(({ text }) => text).join("\n");
    for (const word of ["clara", "Klar", "clerks", secret, Buffer.from("clara").toString("hex")])
      expect(dump).not.toContain(word);
  });
});

describe("a stream that is open", () => {
  /** @returns resolves when the engine has ended it */
  async function listen(browser: Pick<Browser, "fetch">): Promise<{ ended: Promise<void> }> {
    const headers = { "Sec-Fetch-Site": "same-origin", "X-Unattended": "true" };
    const response = await browser.fetch(`${harness.url}/api/v1/live`, { headers });
    expect(response.status).toBe(200);
    const reader = response.body!.getReader();
    const drain = async () => {
      while (!(await reader.read()).done);
    };
    return { ended: drain() };
  }

  test("ends with its session: by signing out, by an administrator, by the provider", async () => {
    const [own, other, third] = [
      await harness.person("erin"),
      await harness.person("paul"),
      await harness.person("dora"),
    ];
    const admin = await harness.person("anna");
    const streams = [await listen(own.browser), await listen(other.browser), await listen(third.browser)];
    await own.send("POST", "/auth/logout");
    await streams[0]!.ended;
    await admin.send("DELETE", `/api/v1/sessions/${(await other.me()).session!.id}`);
    await streams[1]!.ended;
    const asked = await third.browser.go(`${harness.provider.url}/session/end`);
    await third.browser.submit(asked, { fields: { logout: "yes" } });
    await streams[2]!.ended;
  });

  test("ends when the role is taken, and when a limit is reached", async () => {
    const [taken, idle] = [await harness.person("erin"), await harness.person("paul")];
    const streams = [await listen(taken.browser), await listen(idle.browser)];
    harness.provider.setGroups("erin", ["auditors"]);
    harness.clock.aheadMs = 45_000;
    await streams[0]!.ended;
    harness.provider.setGroups("erin", ["engineers"]);
    harness.clock.aheadMs = 16 * 60_000;
    await streams[1]!.ended;
  });

  test("ends when its token is revoked, and goes on otherwise", async () => {
    const wish = { name: "listens", roles: ["machine" as const] };
    const token = await harness.store.transaction((db) => harness.access.tokens.create(db, wish, "test"));
    const fetchIt = (url: string) => fetch(url, { headers: { Authorization: `Bearer ${token ?? ""}` } });
    const stream = await listen({ fetch: fetchIt });
    const first = await Promise.race([stream.ended.then(() => "ended"), sleep(400).then(() => "open")]);
    expect(first).toBe("open");
    await harness.store.transaction((db) => harness.access.tokens.revoke(db, "listens"));
    await stream.ended;
  });
});

describe("a request with a session's cookie", () => {
  test.each([
    ["another site's page", { "Sec-Fetch-Site": "cross-site" }],
    ["a page on another port", { "Sec-Fetch-Site": "same-site" }],
  ])("is refused from %s, reading or writing", async (_what, headers) => {
    const { browser, me } = await harness.person("anna");
    const csrf = (await me()).session!.csrf;
    expect((await browser.fetch(`${harness.url}/api/v1/me`, { headers })).status).toBe(403);
    const init = { method: "DELETE", headers: { ...headers, "X-CSRF-Token": csrf } };
    expect((await browser.fetch(`${harness.url}/api/v1/sessions`, init)).status).toBe(403);
  });

  test.each([
    ["without a token", { "Sec-Fetch-Site": "same-origin" }],
    ["with another session's token", { "Sec-Fetch-Site": "same-origin", "X-CSRF-Token": "x".repeat(43) }],
    ["from an address bar", { "Sec-Fetch-Site": "none" }],
    ["from a browser that says nothing, from another origin", { Origin: "http://127.0.0.1:1" }],
    ["from a browser that says nothing, from nowhere", {}],
  ])("writes nothing %s", async (_what, headers: Record<string, string>) => {
    const { browser, me } = await harness.person("anna");
    const token =
      headers["X-CSRF-Token"] ?? (headers["Sec-Fetch-Site"] === "same-origin" ? "" : (await me()).session!.csrf);
    const init = { method: "DELETE", headers: { ...headers, "X-CSRF-Token": token } };
    expect((await browser.fetch(`${harness.url}/api/v1/sessions`, init)).status).toBe(403);
  });

  test("is not taken twice: of two cookies of one name one was planted", async () => {
    const { browser } = await harness.person("erin");
    const secret = browser.cookie(harness.url, SESSION)!;
    const answer = await fetch(`${harness.url}/api/v1/me`, {
      headers: { Cookie: `${SESSION}=planted; ${SESSION}=${secret}` },
    });
    expect(answer.status).toBe(401);
  });

  test("of a grave kind asks for a fresh proof of identity", async () => {
    const admin = await harness.person("anna");
    const wish = (name: string) => ({ name, roles: ["auditor"] });
    expect((await admin.send("POST", "/api/v1/tokens", wish("fresh"))).status).toBe(201);
    harness.clock.aheadMs = 6 * 60_000;
    const refused = await admin.send("POST", "/api/v1/tokens", wish("stale"));
    expect(refused.status).toBe(401);
    expect(refused.headers.get("www-authenticate")).toContain('error="insufficient_user_authentication"');
  });
});

describe("a proof of identity", () => {
  const { providers } = accessFile.parse({
    providers: [
      {
        ...{ id: "staff", title: "Staff", issuer: "https://idp.example", client_id: "x", client_secret: "y" },
        ...{ acr_values: "mfa phr", roles: [{ value: "engineers", role: "engineer" }] },
      },
    ],
  });
  const { acr_values: _any, ...anyLevel } = providers[0]!;
  const at = 1_790_000_000;
  const provenAt = (claims: object, settings: ProviderSettings = providers[0]!) =>
    readClaims({ sub: "erin", iat: at, ...claims }, settings).provenAt;

  test("is as old as the provider says, and none where it does not say: a new token proves nothing", () => {
    expect(provenAt({ auth_time: at - 60 }, anyLevel)).toBe((at - 60) * 1_000);
    expect(provenAt({}, anyLevel)).toBe(0);
    expect(provenAt({ auth_time: String(at) }, anyLevel)).toBe(0);
  });

  test("counts at the level that is asked for, however the sign-in began", () => {
    expect(provenAt({ auth_time: at, acr: "phr" })).toBe(at * 1_000);
    for (const acr of [undefined, "pwd", "", "mfa phr", ["mfa"]]) expect(provenAt({ auth_time: at, acr })).toBe(0);
  });
});

test("a client may prove itself by a key instead of a secret", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["test/access/by-key.ts"]);
  expect(stdout).toContain("Erin Engel engineers");
});

test("a provider that is down lets nobody new in, and leaves those inside and the machines alone", async () => {
  const other = await createAccessHarness();
  try {
    const inside = await other.person("erin");
    await other.provider.close();
    other.clock.aheadMs = 61_000;
    expect((await inside.get("/api/v1/me")).status).toBe(200);
    expect((await new Browser().fetch(`${other.url}/auth/login?provider=staff`)).status).toBe(303);
    const fresh = await createAccessHarness();
    await fresh.provider.close();
    expect((await new Browser().fetch(`${fresh.url}/auth/login?provider=staff`)).status).toBe(503);
    await fresh.close();
  } finally {
    await other.close();
  }
});
