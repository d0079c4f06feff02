import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { CHANNEL, startTestEngine, type TestEngine } from "./harness.ts";

interface Shown {
  readonly id: string;
  readonly title: string;
  readonly state: string;
  readonly problems: readonly string[];
}

describe("a changed channel file", () => {
  let channels: string;
  let engine: TestEngine;
  let good: string;
  const file = () => join(channels, `${CHANNEL}.yaml`);
  beforeAll(async () => {
    channels = await mkdtemp(join(tmpdir(), "botenstoff-channels-"));
    await cp("channels", channels, { recursive: true });
    good = await readFile(file(), "utf8");
    engine = await startTestEngine({ channels });
    await engine.admit();
  });
  afterAll(async () => {
    await engine.close();
    await rm(channels, { recursive: true });
  });

  const shown = async () => {
    const { items } = await engine.api.get<{ items: Shown[] }>("/api/v1/channels");
    return items.find(({ id }) => id === CHANNEL);
  };

  it("is refused with its reason when it does not lint; the running version stays", async () => {
    await writeFile(file(), good.replace("type: whatsapp", "type: whatsap"));
    await engine.eventually("it is refused", async () => ((await shown())?.problems.length ?? 0) > 0);
    const refused = await shown();
    expect(refused).toMatchObject({ state: "running" });
    expect(refused?.problems.join("\n")).toMatch(/whatsapp-to-kis\.yaml:\d+:\d+ source\.type: /);
    await engine.until(await engine.text("läuft weiter"), "filed");
  });

  it("is refused when one of its tests fails", async () => {
    await writeFile(file(), good.replace("expect: { held: unknown }", "expect: { held: ambiguous }"));
    await engine.eventually("its test is named", async () =>
      ((await shown())?.problems ?? []).some((problem) => problem.includes("an unknown sender is held")),
    );
    await engine.until(await engine.text("läuft immer noch"), "filed");
  });

  it("is deployed once it is right", async () => {
    await writeFile(file(), good.replace("title: Patient messages into the chart", "title: Another title"));
    await engine.eventually("it runs", async () => (await shown())?.title === "Another title");
    expect(await shown()).toMatchObject({ state: "running", problems: [] });
    await engine.until(await engine.text("läuft neu"), "filed");
  });
});
