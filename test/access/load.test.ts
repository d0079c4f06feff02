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
  expect((await load(PROVIDER, {})).problems).toEqual(["7:20 providers.0.client_secret: OIDC_SECRET is not set"]);
});

test.each([
  ["role: clerk", "role: boss", /^9:\d+ providers\.0\.roles\.0\.role: /],
  ["id: staff", "id: token", /^3:9 providers\.0\.id: Reserved/],
  ["https://idp.example", "http://idp.example", /^5:13 providers\.0\.issuer: https, or http on loopback/],
  ["title: Staff", "titel: Staff", /titel: Unrecognized key/],
  ["client_secret: ${OIDC_SECRET}", "scope: profile", /client_secret: Either client_secret or private_key|scope: /],
  ["providers:", "sessions: { idle: soon }\nproviders:", /^2:19 sessions\.idle: Not an ISO 8601 duration/],
])("says where %s is wrong as %s", async (right, wrong, problem) => {
  expect((await load(PROVIDER.replace(right, wrong))).problems.join("\n")).toMatch(problem);
});

test("two providers of one name are one too many", async () => {
  const twice = `${PROVIDER}${PROVIDER.split("\n").slice(2).join("\n")}`;
  expect((await load(twice)).problems).toEqual([
    expect.stringContaining('providers.1.id: Another provider is named "staff"'),
  ]);
});
