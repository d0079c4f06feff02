import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { loadHl7Profiles } from "#src/channel/hl7-profiles.ts";
import { loadChannels } from "#src/channel/load.ts";
import { formatProblem } from "#src/channel/problem.ts";

const GOOD = `id: good
title: A good channel
source: { type: mllp, port: "2575" }
destinations:
  - { id: directory, type: directory, mapping: adt-to-directory }
retention: { after_filed: P1D }
`;

const profiles = await loadHl7Profiles("config/hl7-profiles");

let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), "channels-"))));
afterEach(() => rm(directory, { recursive: true }));

const load = async (
  files: Record<string, string>,
  env: Record<string, string> = {},
  unresolved?: "error" | "placeholder",
) => {
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(directory, name), text);
  }
  const options = { directory, mappingsDirectory: "mappings", profiles, env, ...(unresolved && { unresolved }) };
  const { channels, problems } = await loadChannels(options);
  return {
    channels,
    ids: channels.map(({ id }) => id),
    problems: problems.map((problem) => formatProblem({ ...problem, file: basename(problem.file) })),
  };
};

describe("loading channels", () => {
  it("turns a file into a channel with its connectors, mapping and periods", async () => {
    const { channels, problems } = await load({ "good.yaml": GOOD });
    expect(problems).toEqual([]);
    expect(channels[0]).toMatchObject({
      id: "good",
      sourceType: "mllp",
      sourceConfig: { port: 2575 },
      destinations: [
        { id: "directory", config: { type: "directory" }, params: { country: "DE" }, onPermanent: "park" },
      ],
      retention: { afterFiledMs: 86_400_000, hardMaxAgeMs: 30 * 86_400_000, unknownSenderMs: 7 * 86_400_000 },
    });
    expect(channels[0]?.destinations[0]?.mapping.name).toBe("adt-to-directory");
    expect(channels[0]?.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it("refuses to ask another machine over plain HTTP, unless the file says why", async () => {
    const shipped = await readFile("channels/whatsapp-to-kis.yaml", "utf8");
    const text = shipped.replace(
      /^identity: .*$/m,
      'identity: { require_level: 1, lookup: { type: fhir, base_url: "${KIS_LOOKUP_URL}" } }',
    );
    const env = {
      KIS_FHIR_URL: "http://kis.example/fhir",
      KIS_LOOKUP_URL: "http://kis.example/fhir",
      WHATSAPP_GRAPH_URL: "http://graph.example",
    };
    const { problems } = await load({ "whatsapp.yaml": text }, env, "placeholder");
    const plain = problems.filter((problem) => problem.includes("Plain HTTP off this machine"));
    expect(plain.map((problem) => problem.split(" ")[1])).toEqual([
      "identity.lookup.base_url:",
      "source.graph_url:",
      "destinations.0.base_url:",
    ]);
    const why = { ...env, KIS_FHIR_INSECURE: "only the integration network reaches it" };
    const said = (await load({ "whatsapp.yaml": shipped }, { ...why, WHATSAPP_GRAPH_URL: "" }, "placeholder")).problems;
    expect(said.filter((problem) => problem.includes("Plain HTTP"))).toEqual([]);
  });

  it("points at a misspelt member by file, line and column", async () => {
    const text = GOOD.replace("type: directory, ", "type: directory, prot: 1, ");
    const { problems } = await load({ "good.yaml": text });
    expect(problems).toEqual(["good.yaml:5:39 destinations.0.prot: Unrecognized key"]);
  });

  it("loads the others when one is broken", async () => {
    const { ids, problems } = await load({ "broken.yaml": "id: [", "empty.yaml": "", "good.yaml": GOOD });
    expect(ids).toEqual(["good"]);
    expect(problems.map((line) => line.split(":")[0])).toEqual(expect.arrayContaining(["broken.yaml", "empty.yaml"]));
  });

  it("takes a truth value from a variable, and lints without it", async () => {
    const archive = `  - { id: archive, type: mllp, host: kis, port: 1, keep_open: "\${KEEP}", mapping: message-to-mdm, with: { document_type: CN } }\n`;
    const text = GOOD.replace("retention:", `${archive}retention:`);
    const { channels, problems } = await load({ "good.yaml": text }, { KEEP: "false" });
    expect(problems).toEqual([]);
    expect(channels[0]?.destinations[1]?.config).toMatchObject({ keep_open: false });
    expect((await load({}, {}, "placeholder")).problems).toEqual([]);
    expect((await load({}, { KEEP: "perhaps" })).problems).toHaveLength(1);
  });

  it("does not take a member without a value for 0", async () => {
    const text = GOOD.replace('port: "2575"', "port: ").replace(
      "destinations:",
      "identity: { require_level: }\ndestinations:",
    );
    expect((await load({ "good.yaml": text })).problems).toEqual([
      "good.yaml:3:30 source.port: Missing",
      expect.stringContaining("identity.require_level: Missing"),
    ]);
  });

  it("names a file that cannot be read, and loads the others", async () => {
    await mkdir(join(directory, "folder.yaml"));
    await symlink("nowhere", join(directory, "gone.yaml"));
    const { ids, problems } = await load({ "good.yaml": GOOD });
    expect(ids).toEqual(["good"]);
    expect(problems).toEqual(["folder.yaml:1:1 cannot be read (EISDIR)", "gone.yaml:1:1 cannot be read (ENOENT)"]);
  });

  it("ignores what editors and file systems keep beside a file", async () => {
    // As Emacs marks a file that is being edited, and as macOS keeps attributes on foreign disks.
    await symlink("me@host.4711:1", join(directory, ".#good.yaml"));
    expect(await load({ "good.yaml": GOOD, "._good.yaml": "\0\u0005\u0016" })).toMatchObject({
      ids: ["good"],
      problems: [],
    });
  });

  it("says that the folder cannot be read", async () => {
    const nowhere = join(directory, "nowhere");
    await expect(
      loadChannels({ directory: nowhere, mappingsDirectory: "mappings", profiles, env: {} }),
    ).rejects.toMatchObject({ code: "CONFIG_INVALID", message: `reading the channel files in ${nowhere}: ENOENT` });
  });

  it("ignores folders and other files", async () => {
    const { ids, problems } = await load({ "notes.md": "# notes", "good.yaml": GOOD });
    expect([ids, problems]).toEqual([["good"], []]);
  });

  it("says where a name has no value, and what to do", async () => {
    const text = GOOD.replace('"2575"', "'${ADT_PORT}'");
    const { ids, problems } = await load({ "good.yaml": text });
    expect(ids).toEqual([]);
    expect(problems).toEqual([
      "good.yaml:3:29 source.port: ADT_PORT is not set (set it, or give a default: ${NAME:default})",
    ]);
  });

  it("loads without secrets when asked to, and still finds the other mistakes", async () => {
    const text = GOOD.replace('"2575"', "'${ADT_PORT}'");
    expect((await load({ "good.yaml": text }, {}, "placeholder")).problems).toEqual([]);
    const wrong = text.replace("mapping: adt", "mapping: abt");
    expect((await load({ "good.yaml": wrong }, {}, "placeholder")).problems).toHaveLength(1);
  });

  it.each([
    ["the name is not the file's", ["id: good", "id: other"], "good.yaml:1:5 id: The file is named"],
    ["a member is missing", ["title: A good channel\n", ""], "title: Missing"],
    ["a type is unknown", ["type: mllp", "type: fax"], "source.type: Unknown type; expected"],
    ["a duration is none", ["P1D", "24h"], "retention.after_filed: "],
    ["content would outlive its hard maximum age", ["P1D", "P40D"], "retention.hard_max_age: Must be longer"],
    ["the mapping makes something else", ["mapping: adt-to-directory", "mapping: message-to-mdm"], 'makes "hl7"'],
    [
      "the mapping does not exist",
      ["mapping: adt-to-directory", "mapping: none"],
      "there is no mappings/none/index.ts",
    ],
    [
      "a mapping parameter is misspelt",
      ["adt-to-directory }", "adt-to-directory, with: { cuntry: DE } }"],
      "destinations.0.with.cuntry: Unrecognized key",
    ],
    ["a destination takes the engine's own name", ["id: directory", "id: prepare"], "destinations.0.id: Reserved"],
    ["the filter does not parse", ["destinations:", "filter: content.kind =\ndestinations:"], "filter: "],
    [
      "the filter names what is not there",
      ["destinations:", "filter: content.knd = 'image'\ndestinations:"],
      "good.yaml:4:17 filter: The message has no content.knd",
    ],
    [
      "something follows the filter",
      ["destinations:", "filter: \"content.kind = 'text' ) or true\"\ndestinations:"],
      'good.yaml:4:32 filter: ")" follows where the expression has ended',
    ],
    [
      "the clock is nobody's",
      ["destinations:", "timezone: Europe/Bielefeld\ndestinations:"],
      "timezone: Not a time zone",
    ],
    ["a holiday is none", ["destinations:", "holidays: [DE-XX]\ndestinations:"], "holidays.0: Expected"],
    [
      "a test names a destination that is not there",
      ["retention:", "tests: [{ name: x, given: x.hl7, expect: { routed: [chart] } }]\nretention:"],
      'tests.0.expect.routed: No destination is named "chart"',
    ],
  ])("finds that %s", async (_name, [from, to], problem) => {
    const { ids, problems } = await load({ "good.yaml": GOOD.replace(from!, to!) });
    expect(ids).toEqual([]);
    expect(problems.join("\n")).toContain(problem);
  });

  it("does not quote a filter that comes from outside", async () => {
    const text = GOOD.replace("destinations:", "filter: ${FILTER}\ndestinations:");
    const { problems } = await load({ "good.yaml": text }, { FILTER: "content.kind = 'text' geheim" });
    expect(problems).toEqual(["good.yaml:4:9 filter: Its value does not fit (from ${FILTER})"]);
  });

  it("finds two destinations of one name", async () => {
    const text = GOOD.replace(
      "retention:",
      "  - { id: directory, type: directory, mapping: adt-to-directory }\nretention:",
    );
    expect((await load({ "good.yaml": text })).problems).toEqual([
      'good.yaml:6:11 destinations.1.id: Another destination is named "directory"',
    ]);
  });

  it("refuses a channel that could never purge, unless a waiver is signed", async () => {
    const archive = GOOD.replace(
      "{ id: directory, type: directory, mapping: adt-to-directory }",
      "{ id: archive, type: mllp, host: kis.local, port: 2575, mapping: message-to-mdm }",
    );
    const { problems } = await load({ "good.yaml": archive });
    expect(problems.join()).toContain("No destination can confirm");
    const waiver = 'ack_only_waiver: { signed_by: DPO, date: "2026-01-02", reason: no read path }\n';
    expect((await load({ "good.yaml": archive + waiver })).channels[0]?.waiver?.signedBy).toBe("DPO");
  });

  it("keeps two channels from listening on one port, also while the port has no value", async () => {
    const second = GOOD.replace("id: good", "id: second");
    const clash = await load({ "good.yaml": GOOD, "second.yaml": second });
    expect(clash.ids).toEqual(["good"]);
    expect(clash.problems).toEqual(["second.yaml:3:29 source.port: this port already belongs to channel good"]);
    const open = (text: string, name: string) => text.replace('"2575"', `"\${${name}}"`);
    const same = { "good.yaml": open(GOOD, "A"), "second.yaml": open(second, "A") };
    expect((await load(same, {}, "placeholder")).ids).toEqual(["good"]);
    const different = { "good.yaml": open(GOOD, "A"), "second.yaml": open(second, "B") };
    expect((await load(different, {}, "placeholder")).ids).toEqual(["good", "second"]);
  });

  it("changes the digest with the file, not with a secret", async () => {
    const text = GOOD.replace('"2575"', "'${ADT_PORT}'");
    const one = await load({ "good.yaml": text }, { ADT_PORT: "1" });
    const two = await load({ "good.yaml": text }, { ADT_PORT: "2" });
    const three = await load({ "good.yaml": `${text}# changed\n` }, { ADT_PORT: "2" });
    expect(two.channels[0]?.digest).toBe(one.channels[0]?.digest);
    expect(three.channels[0]?.digest).not.toBe(one.channels[0]?.digest);
  });
});
