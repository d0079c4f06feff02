import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { CHANNEL, startTestEngine, type TestEngine } from "./harness.ts";

describe("a patient with a stay and an outpatient visit, both open", () => {
  let channels: string;
  let engine: TestEngine;
  beforeAll(async () => {
    channels = await mkdtemp(join(tmpdir(), "botenstoff-channels-"));
    await cp("channels", channels, { recursive: true });
    const file = join(channels, `${CHANNEL}.yaml`);
    const shipped = await readFile(file, "utf8");
    const ruled = shipped.replace(
      "identity: { require_level: 1 }",
      "identity: { require_level: 1, encounter: { ward: [INN1] } }",
    );
    await writeFile(file, ruled);
    engine = await startTestEngine({ channels });
    await engine.admit();
  });
  afterAll(async () => {
    await engine.close();
    await rm(channels, { recursive: true });
  });

  /** The case of what was written last. */
  const filedTo = async (text: string) => {
    await engine.until(await engine.text(text), "filed");
    return engine.world.fhir.chart.all("Communication").at(-1)?.encounter?.identifier?.value;
  };

  it("is written to in the one that fits the channel's rule, and without a case where none or both do", async () => {
    await engine.adt({ caseNumber: "F-STAY", caseClass: "I", ward: "INN1" });
    await engine.adt({ caseNumber: "F-VISIT", caseClass: "O", ward: "AMB", trigger: "A04" });
    expect(await filedTo("Guten Morgen")).toBe("F-STAY");
    await engine.adt({ caseNumber: "F-STAY", ward: "CHI", trigger: "A02" });
    expect(await filedTo("Ich liege jetzt woanders")).toBeUndefined();
    await engine.adt({ caseNumber: "F-VISIT", caseClass: "O", ward: "INN1", trigger: "A08" });
    expect(await filedTo("Noch eine Frage")).toBe("F-VISIT");
  });
});
