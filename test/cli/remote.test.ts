import { execFile } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import { PATIENT, startTestEngine } from "../engine/harness.ts";

type TestEngine = Awaited<ReturnType<typeof startTestEngine>>;

describe("the command line beside a running engine", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startTestEngine();
  });
  afterAll(() => engine.close());

  function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const env = {
      PATH: process.env["PATH"] ?? "",
      BOTENSTOFF_URL: engine.url,
      BOTENSTOFF_API_TOKEN: engine.world.apiToken,
    };
    return new Promise((resolve) => {
      execFile(process.execPath, ["src/cli.ts", ...args], { env }, (error, out, err) =>
        resolve({ code: error ? Number(error.code) : 0, out, err }),
      );
    });
  }

  it("lists and shows messages, asks for another try and shows channels and purges, without content", async () => {
    const id = wamid(PATIENT.phone);
    const text = engine.world.whatsapp.textBody({ from: PATIENT.phone, id, body: "Geheimnis" });
    await engine.post(engine.world.whatsapp.signedBody(text));
    const held = await engine.api.until(id, ["held"], 30_000);

    const listed = await run("messages", "--state", "held");
    expect(listed.code).toBe(0);
    expect(listed.out).toMatch(new RegExp(`^${held.id} +whatsapp-to-kis +text +held +unknown `, "m"));
    expect(JSON.parse((await run("messages", "--json")).out).items).toHaveLength(1);
    const found = await run("find", "--phone", `+${PATIENT.phone}`, "--state", "held");
    expect(found.out).toContain(held.id);
    expect((await run("find", "--patient-number", "none", "--json")).out).toBe('{"items":[],"next":null}\n');
    const shown = await run("message", held.id);
    expect(shown.out).toMatch(/^ {2}received +\d{4}-/m);
    expect((await run("message", held.id, "--do", "reprocess")).code).toBe(0);
    expect((await run("channels")).out).toMatch(/^whatsapp-to-kis +running /m);
    expect((await run("purges")).code).toBe(0);
    expect(listed.out + shown.out).not.toContain("Geheimnis");
  });

  it("says what the engine refused", async () => {
    const { code, err } = await run("message", "00000000-0000-5000-8000-000000000000");
    expect(code).toBe(1);
    expect(err).toMatch(/ENGINE_REFUSED: asking the engine at http.*: 404 /);
  });
});
