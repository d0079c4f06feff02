import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { runChannelTests } from "#src/channel/channel-tests.ts";
import { loadHl7Profiles } from "#src/channel/hl7-profiles.ts";
import { loadChannels } from "#src/channel/load.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "office-hours-"));
  await cp("channels", folder, { recursive: true });
});
afterAll(() => rm(folder, { recursive: true }));

it("the example of office hours in the documentation is a channel whose tests pass", async () => {
  const documented = await readFile("docs/configuration.md", "utf8");
  const example = /```yaml\n(timezone:[\s\S]*?)```/.exec(documented)?.[1] ?? "";
  const [head = "", tests = ""] = example.split("tests:\n");
  const shipped = await readFile("channels/whatsapp-to-kis.yaml", "utf8");
  const [before = "", after = ""] = shipped.split(/^tests:\n[\s\S]*$/m);
  await writeFile(join(folder, "whatsapp-to-kis.yaml"), `${before}${after}${head}tests:\n${tests}`);
  await rm(join(folder, "adt-to-directory.yaml"));
  const { channels, problems } = await loadChannels({
    directory: folder,
    mappingsDirectory: "mappings",
    profiles: await loadHl7Profiles("config/hl7-profiles"),
    env: {},
    unresolved: "placeholder",
  });
  expect(problems).toEqual([]);
  const results = await runChannelTests(channels[0]!);
  expect(results.map(({ passed, detail }) => [passed, detail])).toEqual([
    [true, undefined],
    [true, undefined],
  ]);
});
