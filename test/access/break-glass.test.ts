import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { openAccount } from "#src/access/break-glass.ts";
import { base32, codeAt, stepOf } from "#src/access/totp.ts";
import type { Role } from "#src/audit/rights.ts";
import { CANARY } from "../api/harness.ts";
import { Browser } from "../support/browser.ts";
import { createAccessHarness, type AccessHarness } from "./harness.ts";

const SESSION = "botenstoff-insecure-loopback";

let harness: AccessHarness;
beforeAll(async () => {
  harness = await createAccessHarness();
});
afterEach(() => {
  harness.clock.aheadMs = 0;
  harness.journal.length = 0;
});
afterAll(() => harness.close());

describe("codes", () => {
  // RFC 6238, appendix B, SHA-1, the last six digits.
  const secret = Buffer.from("12345678901234567890");
  test.each([
    [59, "287082"],
    [1_111_111_109, "081804"],
    [1_234_567_890, "005924"],
    [20_000_000_000, "353130"],
  ])("are those of the standard at %i s", (seconds, code) => {
    expect(codeAt(secret, Math.floor(seconds / 30))).toBe(code);
    expect(stepOf(secret, code, seconds * 1_000)).toBe(Math.floor(seconds / 30));
    expect(stepOf(secret, code, seconds * 1_000 + 90_000)).toBeUndefined();
  });

  test("come from a secret written as RFC 4648 does", () => {
    expect(base32(Buffer.from("foobar"))).toBe("MZXW6YTBOI");
  });
});

let opened = 0;

async function open(roles: readonly Role[] = ["engineer"], hours = 4) {
  const name = `night-${(opened += 1)}`;
  const now = new Date(Date.now() + harness.clock.aheadMs);
  const endsAt = new Date(now.getTime() + hours * 3_600_000);
  const account = await harness.store.transaction((db) =>
    openAccount(db, harness.sealer, { name, roles, endsAt }, "console:test", now),
  );
  const secret = new URL(account!.otpauth).searchParams.get("secret")!;
  const bits = Array.from(secret, (letter) =>
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"),
  );
  const totp = Buffer.from(
    bits
      .join("")
      .match(/.{8}/g)!
      .map((byte) => Number.parseInt(byte, 2)),
  );
  const code = (steps = 0) => codeAt(totp, Math.floor((Date.now() + harness.clock.aheadMs) / 30_000) + steps);
  const browser = new Browser();
  const signIn = (given: Record<string, string> = {}, headers: Record<string, string> = {}) =>
    browser.fetch(`${harness.url}/auth/break-glass`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify({ name, password: account!.password, code: code(), ...given }),
    });
  const get = (path: string) => browser.fetch(`${harness.url}${path}`);
  return { name, code, browser, signIn, get };
}

describe("a break-glass account", () => {
  test("lets its holder in without any identity provider, loudly", async () => {
    const { name, signIn, get } = await open();
    expect((await signIn()).status).toBe(204);
    expect(await (await get("/api/v1/me")).json()).toMatchObject({
      provider: "break-glass",
      name,
      roles: ["engineer"],
    });
    expect(harness.journal[0]).toMatchObject({
      action: "session.begun",
      who: { subject: name, provider: "break-glass" },
    });
    expect(JSON.stringify(harness.logged)).toContain("access.break_glass_used");
  });

  test("takes no code twice, none that is old, and none that is another's", async () => {
    const one = await open();
    const other = await open();
    const code = one.code();
    expect((await one.signIn({ code })).status).toBe(204);
    expect((await one.signIn({ code })).status).toBe(401);
    expect((await other.signIn({ code: other.code(-3) })).status).toBe(401);
    harness.clock.aheadMs = 5_000;
    expect((await other.signIn({ code: "" })).status).toBe(401);
  });

  test("makes whoever is wrong wait longer and longer, says the same of every fault, and keeps the holder out of it", async () => {
    const { signIn } = await open();
    const said = new Set<string>();
    for (const [given, aheadMs] of [
      [{ password: "wrong" }, 0],
      [{ code: "000000" }, 1_100],
      [{ name: "nobody" }, 1_100],
      [{ password: "wrong" }, 4_000],
    ] as const) {
      harness.clock.aheadMs = aheadMs;
      const answer = await signIn(given);
      expect([given, answer.status]).toEqual([given, 401]);
      said.add(await answer.text());
    }
    expect(said.size).toBe(1);
    const early = await signIn();
    expect(early.status).toBe(429);
    expect(Number(early.headers.get("retry-after"))).toBeGreaterThan(2);
    harness.clock.aheadMs = 30_000;
    expect((await signIn()).status).toBe(204);
  });

  test("ends with its time, and its sessions with it", async () => {
    const { signIn, get } = await open(["engineer"], 1);
    expect((await signIn()).status).toBe(204);
    for (const minutes of [14, 28, 42, 56]) {
      harness.clock.aheadMs = minutes * 60_000;
      expect((await get("/api/v1/me")).status).toBe(200);
    }
    harness.clock.aheadMs = 61 * 60_000;
    expect((await get("/api/v1/me")).status).toBe(401);
    expect((await signIn()).status).toBe(401);
  });

  test("cannot be signed into by another site's page, nor by a form", async () => {
    const { signIn, browser } = await open();
    expect((await signIn({}, { "Sec-Fetch-Site": "cross-site" })).status).toBe(403);
    expect((await signIn({}, { "Content-Type": "text/plain" })).status).toBe(400);
    expect(browser.cookie(harness.url, SESSION)).toBeUndefined();
  });
});

describe("content for an engineer", () => {
  const PATH = "/api/v1/content-grants";

  async function asked(reason = "the mapping fails on this one") {
    const { id } = await harness.put({ externalId: `wamid.${Math.random()}` });
    const engineer = await harness.person("erin");
    const answer = await engineer.send("POST", PATH, { message: id, reason });
    return { id, engineer, answer, grant: (await answer.json()) as { id: string } };
  }

  test("takes a reason, a second person, and lasts 15 minutes for one message; each step is journaled", async () => {
    const { id, engineer, answer, grant } = await asked();
    expect(answer.status).toBe(201);
    const read = (message = id) => engineer.get(`/api/v1/messages/${message}?content=true`);
    expect((await read()).status).toBe(403);
    const approver = await harness.person("paul");
    expect(await (await approver.get(PATH)).json()).toMatchObject({
      items: [{ id: grant.id, mine: false, granted: false }],
    });
    expect((await approver.send("POST", `${PATH}/${grant.id}/grant`)).status).toBe(201);
    const shown = await read();
    expect(await shown.text()).toContain(CANARY.text);
    const { id: another } = await harness.put();
    expect((await read(another)).status).toBe(403);
    const colleague = await harness.person("clara");
    expect((await colleague.send("POST", `${PATH}/${grant.id}/grant`)).status).toBe(403);
    expect(harness.journal.filter(({ action }) => action.startsWith("content."))).toMatchObject([
      {
        action: "content.asked",
        subject: id,
        who: { subject: "erin" },
        detail: { reason: "the mapping fails on this one" },
      },
      { action: "content.granted", subject: id, who: { subject: "paul" }, detail: { grant: grant.id } },
      { action: "content.read", subject: id, who: { subject: "erin" }, detail: { grant: grant.id } },
    ]);
    harness.clock.aheadMs = 14 * 60_000;
    expect((await read()).status).toBe(200);
    harness.clock.aheadMs = 15 * 60_000 + 5_000;
    await engineer.get("/api/v1/me");
    expect((await read()).status).not.toBe(200);
  });

  test("is never given by the one who asks, nor twice, nor after an hour, nor to a machine", async () => {
    const { id, grant } = await asked();
    harness.provider.setGroups("erin", ["engineers", "approvers"]);
    const both = await harness.person("erin");
    expect((await both.send("POST", `${PATH}/${grant.id}/grant`)).status).toBe(409);
    harness.provider.setGroups("erin", ["engineers"]);
    const approver = await harness.person("paul");
    expect((await approver.send("POST", `${PATH}/${grant.id}/grant`)).status).toBe(201);
    expect((await approver.send("POST", `${PATH}/${grant.id}/grant`)).status).toBe(409);
    const late = await asked();
    await harness.store.query("UPDATE content_grant SET ends_at = now() - interval '1 second' WHERE id = $1", [
      late.grant.id,
    ]);
    expect((await approver.send("POST", `${PATH}/${late.grant.id}/grant`)).status).toBe(404);
    const token = await harness.store.transaction((db) =>
      harness.access.tokens.create(db, { name: "robot", roles: ["engineer", "approver"] }, "test"),
    );
    const robot = await fetch(`${harness.url}${PATH}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ message: id, reason: "x" }),
    });
    expect(robot.status).toBe(403);
  });
});
