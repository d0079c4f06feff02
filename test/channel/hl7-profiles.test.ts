import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { loadHl7Profiles } from "#src/channel/hl7-profiles.ts";
import { loadChannels } from "#src/channel/load.ts";
import { formatProblem, type Problem } from "#src/channel/problem.ts";

const BASE = `title: Base
charset: UNICODE UTF-8
timestamps: { zone: UTC, offset: true }
text: TX
encapsulated: mime
render: observations
beside_pdf: attach
events: { message: T02, reply: T02, reaction: T06, edit: T10, caption: T06, revoke: T06 }
fields: [{ field: MSH-12, value: 2.5.1 }]
`;
const CHANNEL = (given: string) => `id: out
title: To a KIS
source: { type: mllp, port: "2575" }
destinations:
  - id: archive
    type: mllp
    host: kis
    port: "2575"
    mapping: message-to-mdm
    with: { ${given} }
retention: { after_filed: P1D }
ack_only_waiver: { signed_by: A, date: 2026-01-01, reason: no read path }
`;

let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), "profiles-"))));
afterEach(() => rm(directory, { recursive: true }));

const shown = (problems: readonly Problem[]) =>
  problems.map((problem) => formatProblem({ ...problem, file: basename(problem.file) }));

async function profilesOf(files: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, `${name}.yaml`), text);
  return loadHl7Profiles(directory);
}

async function channelWith(given: string, files: Record<string, string>) {
  const profiles = await profilesOf(files);
  const channels = await mkdtemp(join(tmpdir(), "channels-"));
  await writeFile(join(channels, "out.yaml"), CHANNEL(given));
  const loaded = await loadChannels({ directory: channels, mappingsDirectory: "mappings", profiles, env: {} });
  await rm(channels, { recursive: true });
  return { channel: loaded.channels[0], problems: shown(loaded.problems) };
}

describe("HL7 profiles", () => {
  it("ships five, all of them sound", async () => {
    const { names, problems } = await loadHl7Profiles("config/hl7-profiles");
    expect(problems).toEqual([]);
    expect(names).toEqual(["german-2.5-day", "german-2.5-pdf", "german-2.5", "international-2.5.1", "ishmed-2.6"]);
  });

  it("are completed from what they extend, their own rules last", async () => {
    const own = "title: Own\nextends: base\nevents: { edit: T08 }\nfields: [{ field: TXA-2, value: CHAT }]\n";
    const profile = (await profilesOf({ base: BASE, own, grandchild: "title: G\nextends: own\ntext: FT\n" })).get(
      "grandchild",
    );
    expect(profile).toMatchObject({
      title: "G",
      text: "FT",
      encapsulated: "mime",
      events: { message: "T02", edit: "T08" },
      fields: [{ field: "MSH-12" }, { field: "TXA-2" }],
    });
  });

  it.each([
    ["a field that does not exist", BASE.replace("MSH-12", "MSH12"), "own.yaml:9:19 fields.0.field: Expected a field"],
    ["an unknown member", `${BASE}colour: red\n`, "own.yaml:10:1 colour: Unrecognized key"],
    ["a trigger the event cannot have", BASE.replace("T10", "T11"), "own.yaml:8:58 events.edit: Invalid option"],
    [
      "a time zone nobody lives in",
      BASE.replace("UTC,", "Mitteleuropa,"),
      "own.yaml:3:21 timestamps.zone: Unknown time zone",
    ],
    [
      "a character set nobody can write",
      BASE.replace("UNICODE UTF-8", "EBCDIC"),
      "own.yaml:2:10 charset: Invalid option",
    ],
    ["a missing member", BASE.replace("text: TX\n", ""), "own.yaml:1:1 text: Missing"],
    [
      "a base that is not there",
      "title: x\nextends: nothing\n",
      "own.yaml:2:10 extends: No usable profile is named nothing",
    ],
    ["itself as its base", "title: x\nextends: own\n", "own.yaml:2:10 extends: Profiles extend each other: own, own"],
    ["broken YAML", "title: [", "own.yaml:1:9 "],
  ])("with %s are refused with the place", async (_what, text, expected) => {
    const profiles = await profilesOf({ own: text });
    expect(shown(profiles.problems).join("\n")).toContain(expected);
    expect(profiles.get("own")).toBeUndefined();
  });
});

describe("a channel that works by a profile", () => {
  it("carries it whole, so that it is frozen when a message is routed", async () => {
    const { channel, problems } = await channelWith("profile: base", { base: BASE });
    expect(problems).toEqual([]);
    expect(channel?.destinations[0]?.params).toMatchObject({ profile: { title: "Base", encapsulated: "mime" } });
  });

  it("is another channel once the profile says something else", async () => {
    const one = await channelWith("profile: base", { base: BASE });
    const other = await channelWith("profile: base", { base: BASE.replace("text: TX", "text: FT") });
    expect(other.channel?.digest).not.toBe(one.channel?.digest);
  });

  it("is refused where the profile is unknown, and where it is broken with what is wrong in it", async () => {
    const unknown = await channelWith("profile: nobody", { base: BASE });
    expect(unknown.problems).toEqual([
      "out.yaml:10:22 destinations.0.with.profile: Unknown HL7 profile; expected base",
    ]);
    const broken = await channelWith("profile: own", { own: `${BASE}colour: red\n` });
    expect(broken.problems[0]).toMatch(/^out\.yaml:10:22 .*This HL7 profile is broken: .*own\.yaml:10:1 colour/);
  });

  it("has its own field rules checked like the profile's, at their place in the channel file", async () => {
    const { problems } = await channelWith("profile: base, fields: [{ field: PID-2, from: nobody }]", { base: BASE });
    expect(problems[0]).toMatch(/^out\.yaml:10:\d+ destinations\.0\.with\.fields\.0\.from: Unknown value/);
  });

  it("needs an address before it may point to what is too large", async () => {
    const { problems } = await channelWith("profile: base, oversize: reference", { base: BASE });
    expect(problems).toEqual([
      'out.yaml:10:38 destinations.0.with.oversize: oversize "reference" needs a reference_url',
    ]);
  });

  it("a day's document is drawn, and needs a lane that waits when a version fails", async () => {
    const day = "title: Day\nextends: base\nday: { update: T10 }\n";
    const observed = await profilesOf({ base: BASE, day });
    expect(shown(observed.problems)).toEqual([expect.stringMatching(/^day\.yaml:3:.*needs render: pdf/)]);
    const drawn = { base: BASE, day: `${day}render: pdf\n` };
    expect((await channelWith("profile: day", drawn)).problems).toEqual([]);
    const skipping = await channelWith("profile: day }\n    on_permanent: skip # {", drawn);
    expect(skipping.problems.join()).toContain("it needs on_permanent: park");
  });
});
