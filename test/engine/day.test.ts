import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import sharp from "sharp";
import type { MllpBehaviour } from "#src/simulators/kis/mllp.ts";
import { gradientPng } from "#src/demo/picture.ts";
import { CHANNEL, PATIENT, startTestEngine, type TestEngine } from "./harness.ts";

/** Another patient whose number changes hands in a test. */
const OTHER = { patient: "79472", familyName: "Zwei", caseNumber: "F-2026-002" };

describe("one document for each conversation and day", () => {
  let channels: string;
  let engine: TestEngine;
  beforeEach(async () => {
    channels = await mkdtemp(join(tmpdir(), "botenstoff-channels-"));
    await cp("channels", channels, { recursive: true });
    const file = join(channels, `${CHANNEL}.yaml`);
    const shipped = await readFile(file, "utf8");
    await writeFile(file, shipped.replace("with: { document_type: CN }", "with: { profile: german-2.5-day }"));
    engine = await startTestEngine({ channels });
    await engine.admit();
  });
  afterEach(async () => {
    await engine.close();
    await rm(channels, { recursive: true });
  });

  const documents = () => [...engine.world.mllp.documents.values()];
  const received = () => engine.world.mllp.received;
  const sayAndFile = async (...lines: string[]) => {
    for (const line of lines) await engine.until(await engine.text(line), "filed");
  };

  it("the KIS holds one document, which grows with every message", async () => {
    await sayAndFile("Guten Morgen");
    await engine.until(await engine.image(gradientPng(320, 240), "Knie"), "filed");
    await sayAndFile("Es nässt 🩹");
    const [document, ...others] = documents();
    expect(others).toEqual([]);
    expect(document).toMatchObject({ patient: PATIENT.number, state: "available", trigger: "T02", changed: false });
    expect(document?.earlier).toHaveLength(2);
    expect(received().map(({ trigger }) => trigger)).toEqual(["T02", "T08", "T08"]);
    // The picture of the second message is in the third version too.
    const [alone, withPicture, all] = received().map(({ bytes }) => bytes);
    expect(withPicture).toBeGreaterThan(alone ?? 0);
    expect(all).toBeGreaterThan(withPicture ?? 0);
  });

  it("a message in it is not withdrawn by itself: the others would go with it", async () => {
    const { id } = await engine.until(await engine.text("falsche Akte"), "filed");
    const answer = await fetch(`${engine.url}/api/v1/messages/${id}/withdraw`, {
      method: "POST",
      headers: { authorization: `Bearer ${engine.world.apiToken}`, "content-type": "application/json" },
      body: JSON.stringify({ withdrawn_by: "Dr. M. Beispiel", reason: "wrong_patient" }),
    });
    expect(answer.status).toBe(409);
    expect(((await answer.json()) as { detail: string }).detail).toMatch(/day's document/);
    expect(documents()[0]?.state).toBe("available");
  });

  it("a burst sent at once becomes versions in order, the last of which holds it all", async () => {
    const sent: string[] = [];
    for (const line of ["eins", "zwei", "drei", "vier"]) sent.push(await engine.text(line));
    for (const id of sent) await engine.until(id, "filed");
    expect(documents()).toHaveLength(1);
    expect(documents()[0]?.earlier).toHaveLength(3);
  });

  it("after a hang-up and a restart the identical bytes come again", async () => {
    await sayAndFile("eins");
    engine.world.mllp.behave(["hang-up-after-read", "hang-up-after-read"]);
    const second = await engine.text("zwei");
    const third = await engine.text("drei");
    await engine.eventually("the second was tried", () => received().length > 1);
    await engine.restart();
    await engine.until(second, "filed");
    await engine.until(third, "filed");
    const byControlId = Map.groupBy(received(), ({ controlId }) => controlId);
    expect([...byControlId.values()].map((same) => new Set(same.map(({ sha256 }) => sha256)).size)).toEqual([1, 1, 1]);
    expect(received().length).toBeGreaterThan(3);
    expect(documents()).toMatchObject([{ changed: false }]);
    expect(documents()[0]?.earlier).toHaveLength(2);
  });

  it("another case has a document of its own: what was said in the first stays there", async () => {
    await sayAndFile("im ersten Fall");
    await engine.adt({ caseNumber: "F-2026-009" });
    await sayAndFile("im zweiten Fall", "noch im zweiten");
    expect(documents().map(({ earlier }) => earlier.length)).toEqual([0, 1]);
  });

  const release = async (id: string) => {
    const response = await fetch(`${engine.url}/api/v1/messages/${id}/release`, {
      method: "POST",
      headers: { authorization: `Bearer ${engine.world.apiToken}`, "content-type": "application/json" },
      body: JSON.stringify({ released_by: "Dr. M. Beispiel", reason: "seen on an isolated machine" }),
    });
    expect(response.status).toBe(202);
  };

  it("another patient with the same number never gets what the first one wrote", async () => {
    await sayAndFile("von der Ersten");
    await engine.adt({ phone: "0151 99999999" });
    await engine.adt({ ...OTHER, phone: PATIENT.kisPhone });
    // The number has just moved: a person says once that the second writes.
    const sent = await engine.text("vom Zweiten");
    const held = await engine.until(sent, "held");
    expect(held.reason).toBe("number_moved");
    await release(held.id);
    await engine.until(sent, "filed");
    expect(documents().map(({ patient, earlier }) => [patient, earlier.length])).toEqual([
      [PATIENT.number, 0],
      [OTHER.patient, 0],
    ]);
  });

  it("what a person lets go after later ones were routed stands alone and replaces nothing", async () => {
    await sayAndFile("eins");
    const lying = await sharp(gradientPng(64, 64)).jpeg().toBuffer();
    const held = await engine.until(await engine.image(lying), "held");
    await sayAndFile("drei");
    await release(held.id);
    await engine.eventually("it is filed", () => documents().length === 2);
    await sayAndFile("vier");
    expect(received().map(({ trigger }) => trigger)).toEqual(["T02", "T08", "T02", "T08"]);
    expect(documents().map(({ earlier }) => earlier.length)).toEqual([2, 0]);
  });

  it("a picture that cannot be drawn costs nothing but itself: the document says so, and grows on", async () => {
    await sayAndFile("eins");
    const broken = gradientPng(64, 64).subarray(0, -60);
    const sent = await engine.image(broken, "das Knie");
    const held = await engine.until(sent, "held");
    await release(held.id);
    await engine.until(sent, "filed");
    expect(engine.logged.filter(({ event }) => event === "delivery.reduced").at(-1)?.fields).toMatchObject({
      ...{ message: held.id, destination: "archive", why: "undrawable" },
    });
    await sayAndFile("drei");
    expect(documents()[0]?.earlier).toHaveLength(2);
  });

  it("after a merge what waits goes to the survivor alone, and the next message begins a new document", async () => {
    await sayAndFile("vor der Zusammenführung");
    engine.world.mllp.behave(Array<MllpBehaviour>(500).fill("unknown-patient-204"));
    const waiting = await engine.text("wartet");
    const behind = await engine.text("dahinter");
    await engine.eventually("both are routed", async () => {
      const found = await Promise.all([waiting, behind].map((id) => engine.api.find(id)));
      return found.every(([one]) => one?.state === "routed");
    });
    await engine.eventually("one was tried", () => received().length > 1);
    const survivor = { patient: OTHER.patient, phone: "", caseNumber: "" };
    await engine.adt({ ...survivor, phone: "0151 12345679", caseNumber: OTHER.caseNumber });
    expect((await engine.adt({ ...survivor, trigger: "A40", retired: PATIENT.number })).code).toBe("AA");
    engine.world.mllp.behave([]);
    for (const id of [waiting, behind]) await engine.until(id, "filed");
    await sayAndFile("danach", "und noch etwas");
    expect(documents().map(({ patient, earlier }) => [patient, earlier.length])).toEqual([
      [PATIENT.number, 0],
      [OTHER.patient, 0],
      [OTHER.patient, 0],
      [OTHER.patient, 1],
    ]);
  });
});
