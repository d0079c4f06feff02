import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
      ...engine.world.env,
      DATABASE_URL: engine.databaseUrl,
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
    expect((await run("message", "reprocess", held.id)).code).toBe(0);
    expect((await run("channels")).out).toMatch(/^whatsapp-to-kis +running /m);
    expect((await run("purges")).code).toBe(0);
    expect(listed.out + shown.out).not.toContain("Geheimnis");
  });

  it("takes patients over from a file, all or nothing, and held messages of their numbers come in again", async () => {
    const id = wamid("4915155500011");
    const text = engine.world.whatsapp.textBody({ from: "4915155500011", id, body: "Guten Tag" });
    await engine.post(engine.world.whatsapp.signedBody(text));
    await engine.api.until(id, ["held"], 30_000);
    const folder = await mkdtemp(join(tmpdir(), "botenstoff-import-"));
    const file = join(folder, "patients.csv");
    const head = "Patientennummer;Nachname;Geburtsdatum;Telefon";
    await writeFile(file, `${head}\n815;Muster;12.08.1964;0151/55500011\n816;Muster;gestern;\n`);

    const refused = await run("directory", "import", file, "--authority", "HAUS");
    expect([refused.code, refused.out]).toEqual([1, expect.stringContaining(`${file}:3: error: Geburtsdatum: `)]);
    expect(refused.out).not.toContain("gestern");
    expect((await run("directory", "import", file, "--skip-invalid", "--dry-run")).out).toContain("changed false");
    expect(JSON.parse((await run("directory", "--json")).out)).toMatchObject({ patients: 0 });

    const taken = await run("directory", "import", file, "--authority", "HAUS", "--skip-invalid");
    expect([taken.code, taken.out]).toEqual([0, expect.stringContaining("changed true")]);
    expect(JSON.parse((await run("directory", "conflicts", "--json")).out)).toEqual({ items: [], next: null });
    await engine.api.until(id, ["routed", "filed", "failed"], 30_000);
    await rm(folder, { recursive: true });
  });

  it("explains a stuck lane, and takes the night shift's decisions, of which each is in the journal", async () => {
    await engine.admit();
    const { documents } = engine.world.mllp;
    await engine.eventually("what came before is in the archive", () => documents.size === 2);
    engine.world.mllp.behave(["AE"]);
    const sent = await engine.text("Guten Abend");
    const { id } = await engine.until(sent, "failed");
    const { items } = JSON.parse((await run("lanes", "--stage", "archive", "--json")).out) as {
      items: { id: string; state: string }[];
    };
    const [{ id: lane } = { id: "" }] = items;
    expect((await run("lanes")).out).toContain(lane);
    expect((await run("lane", lane)).out).toMatch(/^state +parked/m);
    expect((await run("lane", "unpark", lane)).code).toBe(0);

    expect(await run("message", "skip", id, "--destination", "archive")).toMatchObject({
      code: 2,
      err: expect.stringContaining("--reason is missing: refused_for_good, "),
    });
    const by = ["--by", "night shift"];
    const skipped = await run(
      ...["message", "skip", id, "--destination", "archive", "--reason", "filed_by_hand", ...by],
    );
    expect([skipped.code, skipped.err]).toEqual([0, ""]);
    await engine.until(sent, "filed");
    const again = ["--destination", "archive", "--reason", "skipped_in_error", ...by];
    expect((await run("message", "resend", id, ...again)).code).toBe(0);
    await engine.eventually("the archive has it", () => documents.size === 3);
    await engine.until(sent, "filed");
    expect((await run("message", "withdraw", id, "--reason", "wrong_patient", ...by)).code).toBe(0);
    await engine.until(sent, "withdrawn");

    const channel = "whatsapp-to-kis";
    expect((await run("channel", "pause", channel, "--for", "soon", "--reason", "works")).err).toContain("PT24H");
    expect((await run("channel", "pause", channel, "--for", "PT1H", "--reason", "works")).code).toBe(0);
    expect((await run("channels")).out).toContain('"reason":"works"');
    expect((await run("channel", "resume", channel)).code).toBe(0);
    for (const list of ["engines", "certificates", "notices", "alerts", "rehomings"])
      expect((await run(list)).code).toBe(0);

    const { rows } = await engine.store.query<{ action: string }>("SELECT action FROM journal ORDER BY seq");
    expect(rows.map(({ action }) => action)).toEqual(
      expect.arrayContaining([
        "message.skipped",
        "message.resent",
        "message.withdrawn",
        "lane.unparked",
        "channel.paused",
        "channel.resumed",
      ]),
    );
  });

  it("says which option the engine did not take", async () => {
    const { code, err } = await run("message", "release", "00000000-0000-4000-8000-000000000000", "--reason", "");
    expect([code, err]).toEqual([1, expect.stringContaining("400 Invalid body: reason: ")]);
  });

  it("says what the engine refused", async () => {
    const { code, err } = await run("message", "00000000-0000-5000-8000-000000000000");
    expect(code).toBe(1);
    expect(err).toMatch(/ENGINE_REFUSED: asking the engine at http.*: 404 /);
  });
});
