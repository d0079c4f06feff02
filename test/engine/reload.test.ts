import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
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

  it("is deployed once the example of a failing test is right", async () => {
    const example = join(channels, "examples", "text.json");
    const right = await readFile(example, "utf8");
    await writeFile(file(), good.replaceAll("examples/text.json", "examples/new.json"));
    await engine.eventually("it is refused", async () => ((await shown())?.problems.length ?? 0) > 0);
    const added = join(channels, "examples", "new.json");
    await writeFile(added, "{}");
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await writeFile(added, right);
    await engine.eventually("it runs", async () => (await shown())?.problems.length === 0);
  });

  it("that stands for itself is refused; other channels are deployed, and the engine starts with it", async () => {
    const bad = join(channels, "bad.yaml");
    const stated = async (id: string) => {
      const { items } = await engine.api.get<{ items: Shown[] }>("/api/v1/channels");
      return items.find((one) => one.id === id);
    };
    await writeFile(bad, "a: &a [*a]\n");
    await writeFile(file(), good.replace("title: Patient messages into the chart", "title: A title beside it"));
    await engine.eventually("the other runs", async () => (await shown())?.title === "A title beside it");
    const refused = {
      state: "refused",
      problems: [expect.stringContaining("bad.yaml:1:4 Anchors"), expect.anything()],
    };
    await engine.eventually("it is refused", async () => (await stated("bad")) !== undefined);
    expect(await stated("bad")).toMatchObject(refused);
    expect(engine.logged).toContainEqual(
      expect.objectContaining({ event: "channel.refused", fields: expect.objectContaining({ channel: "bad" }) }),
    );
    await engine.restart();
    expect(await stated("bad")).toMatchObject(refused);
    await engine.until(await engine.text("läuft daneben"), "filed");
    await rm(bad);
  });

  it("never shows what a file it names holds", async () => {
    const secret = join(channels, "master.key");
    await writeFile(secret, "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4\n");
    await writeFile(
      file(),
      good.replace("after_filed: ${BOTENSTOFF_AFTER_FILED:P1D}", `after_filed: \${file:${secret}}`),
    );
    await engine.eventually("it is refused", async () => ((await shown())?.problems.length ?? 0) > 0);
    expect((await shown())?.problems.join()).toContain(`(from \${file:${secret}})`);
    expect(JSON.stringify([engine.logged, await shown()])).not.toContain("Zm9vYmFy");
  });

  it("is deployed once it is right", async () => {
    await writeFile(file(), good.replace("title: Patient messages into the chart", "title: Another title"));
    await engine.eventually("it runs", async () => (await shown())?.title === "Another title");
    expect(await shown()).toMatchObject({ state: "running", problems: [] });
    await engine.until(await engine.text("läuft neu"), "filed");
  });
});

it("a channel whose port is taken at the start runs soon after the port is free", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  const engine = await startTestEngine({ env: { ADT_MLLP_PORT: String(port) } });
  const adt = async () => {
    const { items } = await engine.api.get<{ items: Shown[] }>("/api/v1/channels");
    return items.find(({ id }) => id === "adt-to-directory");
  };
  expect(await adt()).toMatchObject({ state: "refused", problems: [expect.stringContaining("EADDRINUSE")] });
  // The files named in the channels are known only after the second look, which tries once more.
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  taken.close();
  await engine.eventually("it runs", async () => (await adt())?.state === "running");
  await engine.close();
});
