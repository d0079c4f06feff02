import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Communication } from "@medplum/fhirtypes";
import type { ShownMessage } from "#src/demo/api-client.ts";
import { gradientPng } from "#src/demo/picture.ts";
import { startKisMllp, type KisMllp, type MllpBehaviour } from "#src/simulators/kis/mllp.ts";
import { PATIENT, startTestEngine, type TestEngine } from "./harness.ts";

const OTHER = { number: "79472", phone: "4915112345679", kisPhone: "0151 12345679" };

describe("when the KIS misbehaves", () => {
  let engine: TestEngine;
  /** The archive, where a test let it come back. */
  let back: KisMllp | undefined;
  beforeEach(async () => {
    engine = await startTestEngine();
    await engine.admit();
    await engine.adt({ patient: OTHER.number, phone: OTHER.kisPhone, caseNumber: "F-2026-002", familyName: "Zwei" });
  });
  afterEach(async () => {
    await back?.close();
    back = undefined;
    await engine.close();
  });

  const textsOf = (patient: string) =>
    [...engine.world.mllp.documents.values()]
      .filter((one) => one.patient === patient)
      .flatMap(({ text }) => text)
      // The first line of each says who wrote.
      .filter((line) => !line.startsWith("[Von "));
  const bytesPerControlId = () => {
    const { received } = engine.world.mllp;
    const sent = Map.groupBy(received, ({ controlId }) => controlId);
    return [...sent.values()].map((same) => new Set(same.map(({ sha256 }) => sha256)).size);
  };

  it.each<[string, MllpBehaviour]>([
    ["an acknowledgement for another message", "wrong-control-id"],
    ["a hang-up after reading", "hang-up-after-read"],
    ["an answer that is no HL7", "garbage"],
    ["AE 207, come back later", "busy-207"],
    ["AE 204, patient not known yet", "unknown-patient-204"],
  ])("after %s, sends the identical bytes again under the same control id, and files once", async (_, behaviour) => {
    engine.world.mllp.behave([behaviour]);
    const sent = await engine.text("einmal");
    const filed = await engine.until(sent, "filed");
    const archive = filed.deliveries?.find(({ destination }) => destination === "archive");
    expect(archive).toMatchObject({ state: "accepted", attempts: 2 });
    expect(textsOf(PATIENT.number)).toEqual(["einmal"]);
    expect(bytesPerControlId()).toEqual([1]);
  });

  it("a message whose patient could only not be looked up follows a merge: nothing of it was sent", async () => {
    const { chart } = engine.world.fhir;
    engine.world.fhir.acquire({ noSearch: 500 });
    const sent = await engine.text("noch nicht gesendet");
    const tried = async () =>
      (await engine.api.until(sent, ["routed"], 30_000)).deliveries?.some(
        ({ destination, last_error: error }) => destination === "chart" && error !== null,
      ) ?? false;
    await engine.eventually("the patient is looked up in vain", tried);
    const merged = { value: "79999", system: "urn:oid:1.2.276.0.76.4.1" };
    engine.world.fhir.addPatient({ identifier: [merged] });
    await engine.adt({ patient: merged.value, retired: PATIENT.number, trigger: "A40" });
    engine.world.fhir.acquire({});
    await engine.until(sent, "filed");
    expect(chart.all("Communication").map(({ subject }) => subject?.identifier?.value)).toEqual([merged.value]);
  });

  it("reads an acknowledgement that comes in pieces", async () => {
    engine.world.mllp.behave(["split"]);
    const filed = await engine.until(await engine.text("in Stücken"), "filed");
    expect(filed.deliveries?.[0]).toMatchObject({ destination: "archive", attempts: 1 });
  });

  it.each([
    ["503 before the commit", { on: "transaction", status: 503 }],
    ["503 after the commit", { on: "transaction", status: 503, afterCommit: true }],
    ["429 with Retry-After", { on: "transaction", status: 429, retryAfter: 1 }],
    ["a hang-up after the commit", { on: "transaction", fault: "hang-up-after-commit" }],
  ] as const)("after %s, the chart holds the message once", async (_, behaviour) => {
    engine.world.fhir.behave([behaviour]);
    const filed = await engine.until(await engine.text("einmal"), "filed");
    const chart = filed.deliveries?.find(({ destination }) => destination === "chart");
    expect(chart).toMatchObject({ state: "confirmed", attempts: 2 });
    expect(engine.world.fhir.chart.all("Communication")).toHaveLength(1);
  });

  it.each([
    ["a redirect to a login page", { on: "transaction", answer: { status: 302, headers: { location: "/login" } } }],
    ["a transaction taken without a word", { on: "transaction", fault: "no-content" }],
  ] as const)("after %s, the chart holds the message once and it is read back", async (_, behaviour) => {
    engine.world.fhir.behave([behaviour]);
    await engine.until(await engine.text("einmal"), "filed");
    expect(engine.world.fhir.chart.all("Communication").map(({ meta }) => meta?.versionId)).toEqual(["1"]);
  });

  it("asks again no sooner than the chart wants to be asked", async () => {
    const began = performance.now();
    const headers = { "x-ms-retry-after-ms": "3000" };
    engine.world.fhir.behave([{ on: "transaction", answer: { status: 429, headers } }]);
    await engine.until(await engine.text("später"), "filed");
    expect(performance.now() - began).toBeGreaterThan(3_000);
  });

  it.each(["openly", "silently"] as const)(
    "sends nothing to the stranger whom a chart returns that %s ignores what it is asked for (I3)",
    async (ignoresSearch) => {
      const { chart } = engine.world.fhir;
      chart.lose("Patient");
      const stranger = engine.world.fhir.addPatient({ identifier: [{ system: "urn:oid:1.2", value: "1" }] });
      engine.world.fhir.acquire({ ignoresSearch });
      const sent = await engine.image(gradientPng(8, 8), "nicht für Fremde");
      const waits = async () =>
        (await engine.api.until(sent, ["routed"], 30_000)).deliveries?.some(({ last_error: error }) =>
          error?.startsWith("SEARCH_UNRELIABLE"),
        ) ?? false;
      await engine.eventually("the delivery waits", waits);
      expect(engine.world.fhir.requests.filter(({ path }) => path === "/fhir")).toEqual([]);
      expect(chart.all("Binary")).toEqual([]);
      engine.world.fhir.acquire({});
      engine.world.fhir.addPatient({ identifier: [{ system: "urn:oid:1.2.276.0.76.4.1", value: PATIENT.number }] });
      await engine.until(sent, "filed");
      const subjects = chart.all("Communication").map(({ subject }) => subject?.reference);
      expect(subjects).not.toContain(`Patient/${stranger.id}`);
    },
  );

  it("files nothing that no search by patient would find: it waits until the chart knows the patient", async () => {
    const { fhir } = engine.world;
    fhir.chart.lose("Patient");
    const sent = await engine.text("sichtbar");
    const waits = async () =>
      (await engine.api.until(sent, ["routed"], 30_000)).deliveries?.some(({ last_error: error }) =>
        error?.startsWith("PATIENT_NOT_YET_KNOWN"),
      ) ?? false;
    await engine.eventually("the delivery waits", waits);
    expect(fhir.chart.all("Communication")).toEqual([]);
    const { id } = fhir.addPatient({ identifier: [{ system: "urn:oid:1.2.276.0.76.4.1", value: PATIENT.number }] });
    await engine.until(sent, "filed");
    expect(fhir.chart.all("Communication").map(({ subject }) => subject?.reference)).toEqual([`Patient/${id}`]);
  });

  it("keeps the order of a conversation whatever is retried", async () => {
    engine.world.mllp.behave(["hang-up-after-read", "busy-207", "ack", "wrong-control-id", "garbage"]);
    const lines = Array.from({ length: 6 }, (_, index) => `Satz ${index + 1}`);
    const sent: string[] = [];
    for (const line of lines) sent.push(await engine.text(line));
    for (const id of sent) await engine.until(id, "filed");
    expect(textsOf(PATIENT.number)).toEqual(lines);
    expect(new Set(bytesPerControlId())).toEqual(new Set([1]));
  });

  it("parks only the lane of a message that is refused for good; a person sets it going again", async () => {
    engine.world.mllp.behave(["AE"]);
    const refused = await engine.text("abgelehnt");
    const failed = await engine.until(refused, "failed");
    expect(failed.deliveries?.find(({ destination }) => destination === "archive")?.last_error).toMatch(
      /^DESTINATION_REFUSED: /,
    );
    const behind = await engine.text("dahinter");
    await engine.until(await engine.text("nebenan", OTHER.phone), "filed");
    const [waiting] = await engine.api.find(behind);
    expect(waiting?.state).not.toBe("filed");
    expect(textsOf(PATIENT.number)).toEqual([]);

    const response = await fetch(`${engine.url}/api/v1/messages/${failed.id}/reprocess`, {
      method: "POST",
      headers: { authorization: `Bearer ${engine.world.apiToken}` },
    });
    expect(response.status).toBe(202);
    await engine.until(refused, "filed");
    await engine.until(behind, "filed");
    expect(textsOf(PATIENT.number)).toEqual(["abgelehnt", "dahinter"]);
  });

  it("does not believe a read that shows another patient: the message fails, visibly, and is not filed", async () => {
    engine.world.fhir.behave([{ on: "read", lie: "other-patient" }]);
    const failed = await engine.until(await engine.text("falsche Akte"), "failed");
    expect(failed.deliveries?.find(({ destination }) => destination === "chart")?.last_error).toMatch(
      /^CONFIRMATION_MISMATCH: /,
    );
  });

  it("sends again, when a person says so, what the chart accepted and has lost", async () => {
    engine.world.fhir.behave(Array.from({ length: 3 }, () => ({ on: "read", lie: "absent" })));
    const id = await engine.text("verloren");
    const chartOf = async () => {
      const [message] = await engine.api.find(id);
      const { deliveries = [] } = await engine.api.get<ShownMessage>(`/api/v1/messages/${message?.id ?? ""}`);
      return deliveries.find(({ destination }) => destination === "chart");
    };
    await engine.eventually("it is not shown", async () =>
      ((await chartOf())?.last_error ?? "").startsWith("CONFIRMATION_MISSING"),
    );
    engine.world.fhir.chart.lose("Communication");
    const [message] = await engine.api.find(id);
    expect(await engine.api.reprocess(message?.id ?? "")).toBe(202);
    const filed = await engine.until(id, "filed");
    expect(filed.deliveries?.find(({ destination }) => destination === "chart")).toMatchObject({ attempts: 2 });
    expect(engine.world.fhir.chart.all("Communication")).toHaveLength(1);
  });

  it("fails, visibly, what the chart accepted and has not shown for a day; sent again, it is filed", async () => {
    engine.world.fhir.behave(Array.from({ length: 1_000 }, () => ({ on: "read", lie: "absent" })));
    const id = await engine.text("nie gezeigt");
    await engine.eventually("it is accepted", async () => {
      const { rowCount } = await engine.store.query(
        "UPDATE delivery SET accepted_at = accepted_at - interval '25 hours' WHERE state = 'accepted' AND destination = 'chart'",
      );
      return rowCount === 1;
    });
    const failed = await engine.until(id, "failed");
    const chart = failed.deliveries?.find(({ destination }) => destination === "chart");
    expect(chart).toMatchObject({ state: "failed", last_error: expect.stringMatching(/^CONFIRMATION_OVERDUE: /) });
    expect(engine.logged.filter(({ event }) => event === "delivery.failed").at(-1)?.fields).toMatchObject({
      ...{ message: failed.id, destination: "chart", code: "CONFIRMATION_OVERDUE" },
    });
    engine.world.fhir.behave([]);
    expect(await engine.api.reprocess(failed.id)).toBe(202);
    await engine.until(id, "filed");
    expect(engine.world.fhir.chart.all("Communication")).toHaveLength(1);
  });

  it("asks again where the chart does not show yet what it accepted", async () => {
    engine.world.fhir.behave([{ on: "read", lie: "absent" }]);
    const filed = await engine.until(await engine.text("gleich sichtbar"), "filed");
    expect(filed.deliveries?.find(({ destination }) => destination === "chart")).toMatchObject({ attempts: 1 });
  });

  it("stops only the lanes of a destination that is gone, and goes on by itself when it is back", async () => {
    const picture = gradientPng(32, 32);
    const { port } = engine.world.mllp;
    await engine.world.mllp.close();
    const sent = await engine.image(picture, "wartet");
    await engine.eventually("the chart has it", async () => {
      const [shown] = await engine.api.find(sent);
      if (!shown) return false;
      const detail = await engine.api.get<typeof shown>(`/api/v1/messages/${shown.id}`);
      return detail.deliveries?.some(({ state }) => state === "confirmed") ?? false;
    });
    expect((await engine.api.find(sent))[0]?.state).toBe("routed");
    back = await startKisMllp({ host: "127.0.0.1", port });
    await engine.until(sent, "filed");
    const [document] = [...back.documents.values()];
    expect(document?.attachments).toEqual([createHash("sha256").update(picture).digest("hex")]);
  });

  it("goes on after a restart with what was routed before", async () => {
    const { port } = engine.world.mllp;
    await engine.world.mllp.close();
    const sent = await engine.text("über den Neustart");
    await engine.eventually("it is routed", async () => (await engine.api.find(sent))[0]?.state === "routed");
    await engine.restart();
    back = await startKisMllp({ host: "127.0.0.1", port });
    const { id } = await engine.until(sent, "filed");
    expect((engine.world.fhir.chart.read(`Communication/${id}`) as Communication).payload).toEqual([
      { contentString: "über den Neustart" },
    ]);
    expect([...back.documents.values()].map(({ text }) => text.at(-1))).toEqual(["über den Neustart"]);
  });
});
