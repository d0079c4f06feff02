import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { loadHl7Profiles } from "#src/channel/hl7-profiles.ts";
import { loadChannels } from "#src/channel/load.ts";

const profiles = await loadHl7Profiles("config/hl7-profiles");

let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), "channels-"))));
afterEach(() => rm(directory, { recursive: true }));

async function load(more: string) {
  const text = `id: good
title: A good channel
source: { type: mllp, port: "2575" }
destinations:
  - { id: directory, type: directory, mapping: adt-to-directory }
retention: { after_filed: P1D }
${more}
`;
  await writeFile(join(directory, "good.yaml"), text);
  const { channels, problems } = await loadChannels({ directory, mappingsDirectory: "mappings", profiles, env: {} });
  return { channel: channels[0], problems: problems.map(({ path, message }) => `${path}: ${message}`) };
}

test("a channel that says nothing asks for four eyes, within four hours", async () => {
  const { channel } = await load("");
  expect(channel?.clearing).toEqual({ fourEyes: true, dueAfterMs: 4 * 3_600_000, escalateAfterMs: 86_400_000 });
});

test.each([
  [
    "a level nobody's decision reaches",
    "identity: { require_level: 3 }\nclearing: { four_eyes: false }",
    "clearing.four_eyes",
  ],
  ["a link that never holds", "identity: { reverify_after: PT0S }", "identity.reverify_after"],
  ["telling others before it is due", "clearing: { escalate_after: PT1H }", "clearing.escalate_after"],
])("lint points at %s", async (_what, text, path) => {
  const { problems } = await load(text);
  expect(problems).toEqual([expect.stringMatching(`^${path.replace(".", "\\.")}: `)]);
});

test("every level may be required, and re-verified", async () => {
  for (const level of [0, 1, 2, 3, 4]) {
    const { channel, problems } = await load(`identity: { require_level: ${level}, reverify_after: P90D }`);
    expect(problems).toEqual([]);
    expect(channel?.identity).toMatchObject({ requireLevel: level, reverifyAfterMs: 90 * 86_400_000 });
  }
});
