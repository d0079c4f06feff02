import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { loadAccess } from "#src/access/load.ts";
import { formatProblem } from "#src/channel/problem.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "botenstoff-access-"));
});
afterAll(() => rm(directory, { recursive: true }));

const PROVIDER = `
providers:
  - id: staff
    title: Staff
    issuer: https://idp.example
    client_id: botenstoff
    client_secret: \${OIDC_SECRET}
    roles:
      - { value: clerks, role: clerk }
`;

async function load(text: string, env: Record<string, string> = { OIDC_SECRET: "s" }, unresolved?: "placeholder") {
  const file = join(directory, "access.yaml");
  await writeFile(file, text);
  const { settings, problems } = await loadAccess({ file, env, ...(unresolved && { unresolved }) });
  return { settings, problems: problems.map((one) => formatProblem(one).replace(`${file}:`, "")) };
}

test("without a file nobody signs in", async () => {
  expect(await loadAccess({ file: join(directory, "none.yaml"), env: {} })).toMatchObject({
    settings: { providers: [], sessions: { idle: 900_000, absolute: 36_000_000 } },
    problems: [],
  });
});

test("a good file is read, with its secret from the environment, and checked without it", async () => {
  const { settings, problems } = await load(PROVIDER);
  expect(problems).toEqual([]);
  expect(settings.providers).toMatchObject([{ id: "staff", client_secret: "s", roles_claim: "groups" }]);
  expect((await load(PROVIDER, {}, "placeholder")).problems).toEqual([]);
  expect((await load(PROVIDER, {})).problems).toEqual([
    expect.stringMatching(/^7:20 providers\.0\.client_secret: OIDC_SECRET is not set \(Set it in/),
  ]);
});

test.each([
  ["role: clerk", "role: boss", /^9:\d+ providers\.0\.roles\.0\.role: /],
  ["id: staff", "id: token", /^3:9 providers\.0\.id: Reserved/],
  ["https://idp.example", "http://idp.example", /^5:13 providers\.0\.issuer: https, or http on loopback/],
  ["title: Staff", "titel: Staff", /titel: Unrecognized key/],
  ["client_secret: ${OIDC_SECRET}", "scope: profile", /client_secret: Either client_secret or private_key|scope: /],
  [
    "providers:",
    "sessions: { idle: soon }\nproviders:",
    /^2:19 sessions\.idle: Not an ISO 8601 duration.*PT15M for 15/,
  ],
  [
    "providers:",
    "journal: { names_kept: P30D, names_kept_of: { reads: P31D } }\nproviders:",
    /^2:\d+ journal\.names_kept_of\.reads: Longer than names_kept/,
  ],
  ["providers:", "sessions: { idle: PT11H }\nproviders:", /^2:19 sessions\.idle: Longer than absolute/],
  ["providers:", "public_url: https://a.example/b\nproviders:", /^2:13 public_url: Without a path/],
  [
    "client_secret: ${OIDC_SECRET}",
    "private_key: ${OIDC_SECRET}",
    /^7:18 providers\.0\.private_key: Not a private key/,
  ],
  [
    "role: clerk }",
    "role: clerk }\n      - { value: clerks, role: clerk }",
    /^10:9 .*: This group has the role clerk already/,
  ],
])("says where %s is wrong as %s", async (right, wrong, problem) => {
  expect((await load(PROVIDER.replace(right, wrong))).problems.join("\n")).toMatch(problem);
});

test("a role limited to a channel that is not there is said where the channels are known", async () => {
  const limited = PROVIDER.replace("role: clerk }", "role: clerk, channels: [whatsapp, wahtsapp] }");
  const file = join(directory, "access.yaml");
  await writeFile(file, limited);
  const options = { file, env: { OIDC_SECRET: "s" } };
  expect((await loadAccess(options)).problems).toEqual([]);
  const { problems } = await loadAccess({ ...options, channels: ["whatsapp", "adt"] });
  expect(problems).toMatchObject([
    {
      line: 9,
      path: "providers.0.roles.0.channels.1",
      message: "No such channel",
      remedy: "Channels here: adt, whatsapp.",
    },
  ]);
});

test("a key of another kind than its algorithm is found before anybody signs in", async () => {
  const pem = generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey.export({ format: "pem", type: "pkcs8" });
  const keyed = PROVIDER.replace("client_secret: ${OIDC_SECRET}", "private_key: ${OIDC_KEY}");
  const env = { OIDC_KEY: pem.toString() };
  expect((await load(keyed, env)).problems.join()).toMatch(/private_key: Not a key for ES256/);
  const fitting = keyed.replace("roles:", "algorithm: ES384\n    roles:");
  expect((await load(fitting, env)).problems).toEqual([]);
  expect((await load(keyed, {}, "placeholder")).problems).toEqual([]);
});

test("two providers of one name are one too many", async () => {
  const twice = `${PROVIDER}${PROVIDER.split("\n").slice(2).join("\n")}`;
  expect((await load(twice)).problems).toEqual([
    expect.stringContaining('providers.1.id: Another provider is named "staff"'),
  ]);
});
