import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { loadHl7Profiles } from "#src/channel/hl7-profiles.ts";
import { loadChannels } from "#src/channel/load.ts";
import { formatProblem } from "#src/channel/problem.ts";

const SECRET = "PHVFgk0a5uNk1tWdrPlLtf1oXjqK4T6I5zQ9c3n7YvE2bRsM";
const ADT = await readFile("channels/adt-to-directory.yaml", "utf8");
const KIS = await readFile("channels/whatsapp-to-kis.yaml", "utf8");
const ENV = {
  ADT_MLLP_PORT: "2575",
  WHATSAPP_PHONE_NUMBER_ID: "106540352242922",
  WHATSAPP_APP_SECRET: "app-secret-of-the-test",
  WHATSAPP_VERIFY_TOKEN: "verify-token-of-the-test",
  WHATSAPP_ACCESS_TOKEN: "access-token-of-the-test",
  KIS_FHIR_URL: "https://kis.example/fhir",
  KIS_MLLP_HOST: "127.0.0.1",
  KIS_MLLP_PORT: "2576",
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hostile-channels-"));
  await cp("channels", join(folder, "channels"), { recursive: true });
  await writeFile(join(folder, "master.key"), `${SECRET}\n`);
});
afterEach(() => rm(folder, { recursive: true }));

const load = async (files: Record<string, string>, env: Record<string, string> = {}, mappings = "mappings") => {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, "channels", name), text);
  const profiles = await loadHl7Profiles("config/hl7-profiles");
  const { channels, problems } = await loadChannels({
    directory: join(folder, "channels"),
    mappingsDirectory: mappings,
    profiles,
    env: { ...ENV, ...env },
  });
  const lines = problems.map((problem) => formatProblem({ ...problem, file: basename(problem.file) }));
  return { ids: channels.map(({ id }) => id), channels, problems: lines };
};

const changed = (from: string | RegExp, to: string, text = KIS): string => {
  const made = text.replace(from, () => to);
  if (made === text) throw new Error("the shipped file does not hold what the test changes");
  return made;
};

describe("a channel file that was not meant well", () => {
  it.each([
    ["an alias of what it is in", "a: &a [*a]\n", "bad.yaml:1:4 "],
    ["nested aliases", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "bad.yaml:1:4 "],
    ["an anchor nobody names", "id: bad\ntitle: &t x\n", "bad.yaml:2:8 "],
    ["an alias as a key", "? &k id\n: bad\n*k : other\n", "bad.yaml:1:3 "],
  ])("with %s is refused at its place; the others are loaded", async (_name, text, place) => {
    const { ids, problems } = await load({ "bad.yaml": text });
    expect(ids).toEqual(["adt-to-directory", "whatsapp-to-kis"]);
    expect(problems[0]).toMatch(new RegExp(`^${place}Anchors and aliases .* are not taken here`));
  });

  it("with a text that only looks like an alias is loaded", async () => {
    const title = changed("title: Patient messages into the chart", 'title: "A & B, *everything*"');
    expect((await load({ "whatsapp-to-kis.yaml": title })).problems).toEqual([]);
  });

  it("nested deeper than any stack stays a problem of its own", async () => {
    const { ids, problems } = await load({ "bad.yaml": `id: ${"[".repeat(60_000)}` });
    expect(ids).toEqual(["adt-to-directory", "whatsapp-to-kis"]);
    expect(problems.join("\n")).toMatch(/^bad\.yaml:/);
  });

  it("refuses aliases in an HL7 profile too, and keeps the other profiles", async () => {
    await cp("config/hl7-profiles", join(folder, "profiles"), { recursive: true });
    await writeFile(join(folder, "profiles", "bad.yaml"), "a: &a [*a]\n");
    const { names, problems } = await loadHl7Profiles(join(folder, "profiles"));
    expect(names).toContain("german-2.5");
    expect(problems.map(({ line, column }) => [line, column])).toEqual([
      [1, 4],
      [1, 8],
    ]);
  });

  it.each(["../../evil", "../evil", "/tmp/evil", "message-to-fhir/../evil", "..", "evil/.", "Evil"])(
    "never loads code from a mapping named %s",
    async (name) => {
      const mappings = join(folder, "mappings");
      for (const place of [join(folder, "evil"), join(mappings, "evil"), join(mappings, "Evil"), mappings, folder]) {
        await mkdir(place, { recursive: true });
        await writeFile(join(place, "index.ts"), "globalThis.mappingWasRun = true; export default {};\n");
      }
      const text = changed("mapping: adt-to-directory", `mapping: "${name}"`, ADT);
      const { ids, problems } = await load({ "adt-to-directory.yaml": text }, {}, mappings);
      expect(ids).toEqual([]);
      expect(problems.filter((line) => line.startsWith("adt-"))).toEqual([
        expect.stringMatching(/destinations\.0\.mapping: Not a mapping's name/),
      ]);
      expect(globalThis).not.toHaveProperty("mappingWasRun");
    },
  );

  it.each(["../german-2.5", "../../etc/passwd", "/etc/passwd"])("takes no HL7 profile from %s", async (name) => {
    const text = changed("with: { document_type: CN }", `with: { document_type: CN, profile: "${name}" }`);
    expect((await load({ "whatsapp-to-kis.yaml": text })).problems).toEqual([
      expect.stringContaining("Unknown HL7 profile"),
    ]);
  });
});

describe("a value that comes from outside the file", () => {
  const PLACES: readonly [string, string, RegExp | string][] = [
    ["a period", ADT, /\$\{BOTENSTOFF_AFTER_FILED:P1D\}/],
    ["a port", ADT, "${ADT_MLLP_PORT}"],
    ["a choice", ADT, "acknowledge"],
    ["a connector's type", ADT, "mllp"],
    ["a mapping's name", ADT, /adt-to-directory$/m],
    ["the id", ADT, /adt-to-directory/],
    ["the title", ADT, "The KIS tells who its patients are"],
    ["a test's name", ADT, "an admission is taken over"],
    ["a test's example", ADT, "examples/admission.hl7"],
    ["a destination's name", ADT, /directory(?=\n {4}type)/],
    ["a test's expectation", ADT, /directory(?=\] \} \}\n {2}- \{ name: a merge)/],
    ["a URL", KIS, "${KIS_FHIR_URL}"],
    ["a level", KIS, /1(?= \}\n\ndest)/],
    ["an HL7 profile", KIS, /CN \}/],
  ];

  it.each(PLACES)("is never quoted where it does not fit: %s", async (place, shipped, where) => {
    for (const reference of [`\${file:${join(folder, "master.key")}}`, "${SECRET_NAME}"]) {
      const value = place === "an HL7 profile" ? `CN, profile: "${reference}" }` : `"${reference}"`;
      const text = changed(where, value, shipped);
      const name = shipped === ADT ? "adt-to-directory.yaml" : "whatsapp-to-kis.yaml";
      const { problems, channels } = await load({ [name]: text }, { SECRET_NAME: SECRET });
      const said = problems.join("\n");
      expect(said.toLowerCase()).not.toContain(SECRET.slice(0, 6).toLowerCase());
      if (place !== "a test's example") expect(said).toContain(`(from ${reference})`);
      else expect(channels[0]?.concealed(`${SECRET} cannot be read`)).toBe(`${reference} cannot be read`);
    }
  });

  it("is never quoted by a filter that does not parse", async () => {
    const text = changed("identity:", `filter: "content.kind = \${SECRET_NAME}"\nidentity:`);
    const { problems } = await load({ "whatsapp-to-kis.yaml": text }, { SECRET_NAME: `= ${SECRET}` });
    expect(problems.join()).not.toContain(SECRET.slice(0, 6));
    expect(problems.join()).toContain("(from ${SECRET_NAME})");
  });

  it("is not shown as the channel's name or title, nor a destination's, nor a test's", async () => {
    const text = changed("The KIS tells who its patients are", "${STATION}", ADT);
    expect((await load({ "adt-to-directory.yaml": text }, { STATION: "A fine title" })).problems).toEqual([
      "adt-to-directory.yaml:3:8 title: Shown in logs and the API, so it cannot be a reference; write it out (from ${STATION})",
    ]);
  });

  it("is replaced by its reference in what is said later on", async () => {
    const { channels } = await load({});
    const said = channels[1]?.concealed("asking https://kis.example/fhir at 2576: access-token-of-the-test, 25760");
    expect(said).toBe("asking ${KIS_FHIR_URL} at ${KIS_MLLP_PORT}: ${WHATSAPP_ACCESS_TOKEN}, 25760");
  });
});

describe("what nobody means", () => {
  it.each([
    [/base_url: .*\$\{KIS_FHIR_URL\}.*/, "base_url: https://user:word@kis.example/fhir"],
    [/graph_url: .*/, "graph_url: https://user@graph.example"],
  ])("is an address with credentials: %s", async (from, to) => {
    const { problems } = await load({ "whatsapp-to-kis.yaml": changed(from, to) });
    expect(problems.join("\n")).toContain("An address is no place for credentials");
    expect(problems.join("\n")).not.toContain("word@");
  });

  it.each([
    [/after_filed: \S+/, "after_filed: P9999D"],
    [/after_filed: \S+/, "after_filed: PT999999999H"],
    [/patience: "[^"]*"/, "patience: P8D"],
  ])("is a period beyond all measure: %s", async (from, to) => {
    const { problems } = await load({ "whatsapp-to-kis.yaml": changed(from, to) });
    expect(problems.join("\n")).toMatch(/days is no period for this/);
  });

  it.each([
    ["1990-01-01", "there was nothing to sign"],
    ["2999-01-01", "signed in the future"],
  ])("is a waiver signed on %s", async (date, why) => {
    const waiver = `ack_only_waiver: { signed_by: A, date: "${date}", reason: no read path }\n`;
    const { problems } = await load({ "whatsapp-to-kis.yaml": `${KIS}\n${waiver}` });
    expect(problems.join("\n")).toContain(why);
  });
});
