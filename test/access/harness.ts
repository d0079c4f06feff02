import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createAccess } from "#src/access/access.ts";
import { accessFile } from "#src/access/settings.ts";
import { record } from "#src/audit/journal.ts";
import { sealWho } from "#src/audit/who.ts";
import { createApp } from "#src/api/app.ts";
import { createLive } from "#src/api/live.ts";
import type { ApiDeps, ApiJournalEntry } from "#src/api/deps.ts";
import { Secret } from "#src/message/secret.ts";
import { freePort } from "#src/demo/free-port.ts";
import { startIdentityProvider } from "#src/simulators/identity-provider/server.ts";
import { createHarness, TOKEN } from "../api/harness.ts";
import { Browser, signIn } from "../support/browser.ts";

const HOST = "127.0.0.1";

export const PEOPLE = {
  erin: { name: "Erin Engel", groups: ["engineers"] },
  clara: { name: "Clara Klar", groups: ["clerks"] },
  paul: { name: "Paul Prüfer", groups: ["approvers"] },
  carl: { name: "Carl Klinik", groups: ["clinicians"] },
  dora: { name: "Dora Daten", groups: ["privacy"] },
  axel: { name: "Axel Audit", groups: ["auditors"] },
  anna: { name: "Anna Admin", groups: ["admins"] },
  nora: { name: "Nora Niemand", groups: ["cooks"] },
};

const ROLES = [
  { value: "engineers", role: "engineer" },
  { value: "clerks", role: "clerk", channels: ["whatsapp-to-kis"] },
  { value: "approvers", role: "approver" },
  { value: "clinicians", role: "clinician" },
  { value: "privacy", role: "privacy" },
  { value: "auditors", role: "auditor" },
  { value: "admins", role: "admin" },
];

/** The API before a simulated identity provider, on a clock of the test's own. */
export async function createAccessHarness() {
  const harness = await createHarness();
  const port = await freePort(HOST);
  const url = `http://${HOST}:${port}`;
  const provider = await startIdentityProvider({
    host: HOST,
    port: 0,
    clientUrl: url,
    providerId: "staff",
    people: PEOPLE,
  });
  const settings = accessFile.parse({
    providers: [
      {
        id: "staff",
        title: "Staff",
        issuer: provider.url,
        client_id: provider.clientId,
        client_secret: provider.clientSecret,
        roles: ROLES,
      },
    ],
  });
  const clock = { aheadMs: 0 };
  const now = () => Date.now() + clock.aheadMs;
  const { store, sealer } = harness;
  const { blindIndex } = harness.deps;
  const journal: ApiJournalEntry[] = [];
  const access = createAccess({ store, sealer, blindIndex, settings, now, environment: new Secret(TOKEN) });
  const deps: ApiDeps = {
    ...harness.deps,
    access,
    now,
    live: createLive(store, 50),
    journal: async ({ who, ...entry }, db) => {
      journal.push({ who, ...entry });
      const at = new Date(now()).toISOString();
      await record(db, { ...entry, at, ...(who && { who: sealWho(sealer, who) }) });
    },
  };
  const { live } = deps;
  const server = createServer(createApp(deps));
  server.listen(port, HOST);
  await once(server, "listening");

  /** Somebody who has signed in; `get` and `send` are requests of the engine's own pages. */
  async function person(login: keyof typeof PEOPLE) {
    const browser = new Browser();
    const page = await signIn(browser, url, login);
    const get = (path: string) => browser.fetch(`${url}${path}`, { headers: { "Sec-Fetch-Site": "same-origin" } });
    const me = async () => (await (await get("/api/v1/me")).json()) as Me;
    const send = async (method: string, path: string, body?: unknown) =>
      browser.fetch(`${url}${path}`, {
        method,
        headers: {
          "Sec-Fetch-Site": "same-origin",
          "X-CSRF-Token": (await me()).session?.csrf ?? "",
          "Content-Type": "application/json",
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    return { browser, page, get, send, me };
  }

  return {
    ...harness,
    url,
    provider,
    access,
    clock,
    journal,
    person,
    settings,
    close: async () => {
      live.close();
      await stop(server);
      await provider.close();
      await harness.close();
    },
  };
}

export type AccessHarness = Awaited<ReturnType<typeof createAccessHarness>>;

export interface Me {
  readonly kind: string;
  readonly name: string | null;
  readonly roles: readonly string[];
  readonly rights: readonly { readonly right: string; readonly channels: readonly string[] | null }[];
  readonly session: { readonly id: string; readonly csrf: string; readonly proven_at: string } | null;
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
