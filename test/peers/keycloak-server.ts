import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "#src/demo/free-port.ts";

const VERSION = "26.7.3";
const HOST = "127.0.0.1";
export const REALM = "klinik";
export const CLIENT = { id: "botenstoff", secret: "a-secret-of-this-test-only" };
export const PASSWORD = "a-password-of-this-test-only";
const ADMIN = { name: "admin", password: "an-administrator-of-this-test-only" };

/** KEYCLOAK_HOME names a folder in which it was built already: that takes a minute. Why Keycloak cannot be started here; undefined: it can, from this folder. */
export function fetchKeycloak(): { readonly why: string } | { readonly home: string; readonly own: boolean } {
  const built = process.env["KEYCLOAK_HOME"];
  if (built !== undefined) return { home: built, own: false };
  const missing = [
    ["java", "-version"],
    ["mvn", "-version"],
    ["unzip", "-v"],
  ].filter(([tool = "", flag = ""]) => spawnSync(tool, [flag]).status !== 0);
  if (missing.length > 0) return { why: `${missing.map(([tool]) => tool).join(", ")} not installed` };
  const folder = mkdtempSync(join(tmpdir(), "keycloak-"));
  const artifact = `org.keycloak:keycloak-quarkus-dist:${VERSION}:zip`;
  const copy = ["-q", "-B", "dependency:copy", `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`];
  const [zip] = spawnSync("mvn", copy, { timeout: 300_000 }).status === 0 ? readdirSync(folder) : [];
  if (zip === undefined || spawnSync("unzip", ["-q", join(folder, zip), "-d", folder]).status !== 0) {
    rmSync(folder, { recursive: true });
    return { why: "Maven Central is not reached" };
  }
  return { home: join(folder, `keycloak-${VERSION}`), own: true };
}

export interface Person {
  readonly login: string;
  readonly name: readonly [string, string];
  readonly group: string;
}

/**
 * A Keycloak with a realm, a confidential client of the engine at `clientUrl`, and these people; in memory.
 * @param built whether `kc.sh build --db=dev-mem` was run in this folder
 */
export async function startKeycloak(home: string, built: boolean, clientUrl: string, people: readonly Person[]) {
  const port = await freePort(HOST);
  const url = `http://${HOST}:${port}`;
  mkdirSync(join(home, "data", "import"), { recursive: true });
  writeFileSync(join(home, "data", "import", `${REALM}.json`), JSON.stringify(realmOf(clientUrl, people)));
  const program = join(home, "bin", "kc.sh");
  if (!built) await once(spawn(program, ["build", "--db=dev-mem"], { stdio: "ignore" }), "exit");
  const options = [
    ...["start", "--optimized", "--http-enabled=true", "--hostname-strict=false", "--import-realm"],
    ...[`--http-host=${HOST}`, `--http-port=${port}`, "--http-management-port=0"],
  ];
  const server = spawn(program, options, {
    detached: true,
    stdio: "ignore",
    env: {
      ...process.env,
      JAVA_OPTS_KC_HEAP: "-Xms64m -Xmx384m",
      KC_BOOTSTRAP_ADMIN_USERNAME: ADMIN.name,
      KC_BOOTSTRAP_ADMIN_PASSWORD: ADMIN.password,
    },
  });
  const issuer = `${url}/realms/${REALM}`;
  const close = async () => {
    if (server.exitCode === null && server.pid !== undefined) {
      process.kill(-server.pid, "SIGTERM");
      await once(server, "exit");
    }
  };
  const ready = () =>
    fetch(`${issuer}/.well-known/openid-configuration`)
      .then(({ ok }) => ok)
      .catch(() => false);
  while (!(await ready())) {
    if (server.exitCode !== null) throw new Error(`Keycloak ended with ${server.exitCode}`);
    await sleep(500);
  }

  /** The administrators' API; a token lives for a minute only. */
  async function admin(method: string, path: string, body?: unknown): Promise<unknown> {
    const asked = await fetch(`${url}/realms/master/protocol/openid-connect/token`, {
      method: "POST",
      body: new URLSearchParams({
        ...{ grant_type: "password", client_id: "admin-cli", username: ADMIN.name, password: ADMIN.password },
      }),
    });
    const { access_token: token } = (await asked.json()) as { access_token: string };
    const response = await fetch(`${url}/admin/realms/${REALM}${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
    const text = await response.text();
    return text === "" ? undefined : JSON.parse(text);
  }
  const idOf = async (login: string) => {
    const [user] = (await admin("GET", `/users?username=${login}&exact=true`)) as { id: string }[];
    return user?.id ?? "";
  };
  const groupId = async (name: string) => {
    const found = (await admin("GET", `/groups?search=${name}&exact=true`)) as { id: string }[];
    return found[0]?.id ?? "";
  };
  return {
    url,
    issuer,
    close,
    /** Puts somebody out of one group and into another. */
    move: async (login: string, from: string, to: string) => {
      const id = await idOf(login);
      await admin("DELETE", `/users/${id}/groups/${await groupId(from)}`);
      await admin("PUT", `/users/${id}/groups/${await groupId(to)}`);
    },
    /** Ends all sessions of somebody, as an administrator does who locks a person out. */
    end: async (login: string) => admin("POST", `/users/${await idOf(login)}/logout`),
  };
}

function realmOf(clientUrl: string, people: readonly Person[]) {
  return {
    ...{ realm: REALM, enabled: true, sslRequired: "none" },
    groups: [...new Set(people.map(({ group }) => group)), "auditors"].map((name) => ({ name })),
    users: people.map(({ login, name: [firstName, lastName], group }) => ({
      ...{ username: login, enabled: true, firstName, lastName, emailVerified: true },
      email: `${login}@klinik.example`,
      credentials: [{ type: "password", value: PASSWORD, temporary: false }],
      groups: [`/${group}`],
    })),
    clients: [
      {
        ...{ clientId: CLIENT.id, secret: CLIENT.secret, enabled: true, protocol: "openid-connect" },
        ...{ publicClient: false, standardFlowEnabled: true, directAccessGrantsEnabled: false },
        redirectUris: [`${clientUrl}/auth/callback/staff`],
        attributes: {
          "pkce.code.challenge.method": "S256",
          "post.logout.redirect.uris": `${clientUrl}/console/`,
          "backchannel.logout.url": `${clientUrl}/auth/back-channel/staff`,
          "backchannel.logout.session.required": "true",
        },
        protocolMappers: [
          {
            ...{ name: "groups", protocol: "openid-connect", protocolMapper: "oidc-group-membership-mapper" },
            config: { "claim.name": "groups", "full.path": "false", "id.token.claim": "true" },
          },
        ],
      },
    ],
  };
}
