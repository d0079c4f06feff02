import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { accessFile } from "#src/access/settings.ts";
import { createApp } from "#src/api/app.ts";
import { freePort } from "#src/demo/free-port.ts";
import { createHarness, type Harness } from "../api/harness.ts";
import { Browser } from "../support/browser.ts";
import globalSetup from "../support/global-setup.ts";
import globalTeardown from "../support/global-teardown.ts";
import { CLIENT, fetchKeycloak, PASSWORD, startKeycloak } from "./keycloak-server.ts";

const fetched = fetchKeycloak();
const skipped = "why" in fetched ? `(${fetched.why}: skipped) ` : "";
/** It compiles itself at its first start. */
const LONG_MS = 600_000;

(skipped === "" ? describe : describe.skip)(`signing in by Keycloak ${skipped}`, () => {
  const clock = { aheadMs: 0 };
  let keycloak: Awaited<ReturnType<typeof startKeycloak>>;
  let harness: Harness;
  let server: Server;
  let url: string;

  beforeAll(async () => {
    const home = "home" in fetched ? fetched.home : "";
    const port = await freePort("127.0.0.1");
    url = `http://127.0.0.1:${port}`;
    keycloak = await startKeycloak(home, !("own" in fetched && fetched.own), url, [
      { login: "erin", name: ["Erin", "Engel"], group: "engineers" },
      { login: "clara", name: ["Clara", "Klar"], group: "clerks" },
      { login: "nora", name: ["Nora", "Niemand"], group: "cooks" },
    ]);
    await globalSetup();
    harness = await createHarness();
    const staff = {
      ...{ id: "staff", title: "Staff", issuer: keycloak.issuer, client_id: CLIENT.id, client_secret: CLIENT.secret },
      roles: [
        { value: "engineers", role: "engineer" },
        { value: "clerks", role: "clerk" },
        { value: "auditors", role: "auditor" },
      ],
    };
    const settings = accessFile.parse({ providers: [staff], step_up: { max_age: "PT1S" } });
    const now = () => Date.now() + clock.aheadMs;
    server = createServer(createApp({ ...harness.deps, access: harness.accessWith({ settings, now }), now }));
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  }, LONG_MS);
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await harness.close();
    await globalTeardown();
    await keycloak.close();
    if ("own" in fetched && fetched.own) rmSync(dirname(fetched.home), { recursive: true });
  }, LONG_MS);

  const own = { headers: { "Sec-Fetch-Site": "same-origin" } };
  const me = async (browser: Browser) => (await browser.fetch(`${url}/api/v1/me`, own)).json() as Promise<Me>;
  const statusOf = async (browser: Browser) => (await browser.fetch(`${url}/api/v1/me`, own)).status;
  /** Types name and password where Keycloak asks; @returns the page after it, and whether it asked */
  async function signIn(browser: Browser, login: string, query = "") {
    const until = new RegExp(`^${url}/(?!auth/)`);
    const page = await browser.go(`${url}/auth/login?provider=staff&return=/api/v1/me${query}`, {}, until);
    if (until.test(page.url)) return { asked: false };
    const end = await browser.submit(page, {
      form: /authenticate/,
      fields: { username: login, password: PASSWORD },
      until,
    });
    return { asked: true, end };
  }
  const until = async (what: () => Promise<boolean>) => {
    while (!(await what())) await sleep(100);
  };

  test("leads there and back with PKCE, and gives the roles of the person's groups", async () => {
    const browser = new Browser();
    expect(await signIn(browser, "clara")).toMatchObject({ asked: true });
    expect(browser.visited.some((address) => address.includes("code_challenge_method=S256"))).toBe(true);
    expect(await me(browser)).toMatchObject({ name: "Clara Klar", roles: ["clerk"], provider: "staff" });
  });

  test("lets nobody in who is in no group that the settings name", async () => {
    const browser = new Browser();
    const { end } = await signIn(browser, "nora");
    expect(end?.response.status).toBe(403);
    expect(await statusOf(browser)).toBe(401);
  });

  test("follows the groups within a minute", async () => {
    const browser = new Browser();
    await signIn(browser, "erin");
    expect((await me(browser)).roles).toEqual(["engineer"]);
    await keycloak.move("erin", "engineers", "auditors");
    clock.aheadMs = 45_000;
    expect((await me(browser)).roles).toEqual(["auditor"]);
    await keycloak.move("erin", "auditors", "engineers");
    clock.aheadMs = 0;
  });

  test("ends a session over its back channel when an administrator ends it there", async () => {
    const [browser, other] = [new Browser(), new Browser()];
    await signIn(browser, "erin");
    await signIn(other, "clara");
    await keycloak.end("erin");
    await until(async () => (await statusOf(browser)) === 401);
    expect(await statusOf(other)).toBe(200);
  });

  test("asks for the password once more at a step-up, and says when it was given", async () => {
    const browser = new Browser();
    await signIn(browser, "clara");
    const before = Date.parse((await me(browser)).session?.proven_at ?? "");
    // Keycloak reckons in whole seconds.
    await sleep(3_000);
    expect(await signIn(browser, "clara", "&step_up=true")).toMatchObject({ asked: true });
    expect(Date.parse((await me(browser)).session?.proven_at ?? "")).toBeGreaterThan(before);
  });

  test("signs out there too: whoever comes next is asked who it is", async () => {
    const browser = new Browser();
    await signIn(browser, "clara");
    const csrf = (await me(browser)).session?.csrf ?? "";
    const headers = { ...own.headers, "X-CSRF-Token": csrf };
    const out = await browser.fetch(`${url}/auth/logout`, { method: "POST", headers });
    const { location } = (await out.json()) as { location: string };
    expect((await browser.go(location, {}, new RegExp(`^${url}/console/`))).url).toBe(`${url}/console/`);
    expect(await statusOf(browser)).toBe(401);
    expect(await signIn(browser, "clara")).toMatchObject({ asked: true });
  });
});

interface Me {
  readonly name: string;
  readonly provider: string;
  readonly roles: readonly string[];
  readonly session?: { readonly csrf: string; readonly proven_at: string | null };
}
