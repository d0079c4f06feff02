import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { controlId } from "#src/message/id.ts";
import type { MediaBehaviour } from "#src/simulators/whatsapp-cloud/media.ts";
import { elementUpdate, wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import { mediaPart } from "#src/simulators/whatsapp-cloud/kinds.ts";
import { picture, pdf } from "../attachments/pictures.ts";
import { PATIENT, startTestEngine, type TestEngine } from "./harness.ts";

let engine: TestEngine;

/** Sends media that goes wrong as told, every time it is asked for; resolves with its wamid and media id. */
async function send(
  type: "image" | "audio" | "video" | "document" | "sticker",
  goesWrong: readonly MediaBehaviour[],
  extra: Readonly<Record<string, unknown>> = {},
): Promise<{ sent: string; media: string }> {
  const bytes = type === "document" ? pdf() : await picture("png");
  const mimeType = type === "document" ? "application/pdf" : "image/png";
  const media = engine.world.whatsapp.addMedia(bytes, mimeType);
  engine.world.whatsapp.behave(goesWrong.map((one) => ({ ...one, media: media.id, lasts: true })));
  const sent = wamid(PATIENT.phone);
  const part = mediaPart(type, { id: media.id, mimeType, sha256: media.sha256 }, extra);
  const update = elementUpdate({ from: PATIENT.phone, id: sent }, part);
  expect(await engine.post(engine.world.whatsapp.signedBody(engine.world.whatsapp.batchBody([update])))).toBe(200);
  return { sent, media: media.id };
}

const payloadOf = (id: string) =>
  (engine.world.fhir.chart.read(`Communication/${id}`) as { payload?: { contentString?: string }[] } | undefined)
    ?.payload;
const documentOf = (id: string) => engine.world.mllp.documents.get(controlId(id, "document"));

describe("an attachment that cannot be fetched", () => {
  beforeAll(async () => {
    engine = await startTestEngine({ env: { WHATSAPP_MEDIA_PATIENCE: "PT1S" } });
    await engine.admit();
  });
  afterEach(() => engine.world.whatsapp.behave([]));
  afterAll(() => engine.close());

  const failures: [string, readonly MediaBehaviour[]][] = [
    ["the media host answers 404", [{ on: "download", status: 404 }]],
    ["the media host answers 403", [{ on: "download", status: 403 }]],
    ["the media host answers 503", [{ on: "download", status: 503 }]],
    ["the look-up answers 500", [{ on: "lookup", status: 500 }]],
    ["the look-up answers 400 for another reason", [{ on: "lookup", status: 400, error: { code: 131000 } }]],
    ["the look-up gives no url", [{ on: "lookup", announce: { url: undefined } }]],
    ["the look-up gives nonsense", [{ on: "lookup", announce: { url: 7 } }]],
    ["the token is refused", [{ on: "lookup", status: 401 }]],
    ["the bytes break off", [{ on: "download", fault: "truncated" }]],
    ["the connection is reset", [{ on: "download", fault: "reset" }]],
    ["the host falls silent in the middle", [{ on: "download", fault: "stall" }]],
  ];

  it.each(failures)("stops nobody for longer than the channel is patient: %s", async (_, goesWrong) => {
    const { sent } = await send("image", goesWrong, { caption: "Foto" });
    const emergency = await engine.text("NOTFALL: starke Blutung, bitte anrufen");
    const after = await engine.until(emergency, "filed");
    const before = await engine.until(sent, "filed");
    expect(payloadOf(before.id)?.map(({ contentString }) => contentString)).toEqual([
      "[Bild: noch nicht abrufbar]",
      "Foto",
    ]);
    expect(documentOf(before.id)?.text).toEqual(expect.arrayContaining(["[Bild: noch nicht abrufbar]", "Foto"]));
    expect(before.attachments).toMatchObject([{ verdict: "late", bytes: null }]);
    const filedAt = ({ history }: typeof after) => Date.parse(history!.findLast(({ state }) => state === "routed")!.at);
    expect(filedAt(before)).toBeLessThanOrEqual(filedAt(after));
  });

  const kinds = [
    ["audio", { voice: true }, "[Sprachnachricht: noch nicht abrufbar]"],
    ["audio", {}, "[Tonaufnahme: noch nicht abrufbar]"],
    ["video", {}, "[Video: noch nicht abrufbar]"],
    ["document", {}, "[Dokument: noch nicht abrufbar]"],
    ["document", { filename: "befund.pdf" }, "[Dokument: noch nicht abrufbar]\n[Dokument: befund.pdf]"],
    ["sticker", { animated: false }, "[Sticker: noch nicht abrufbar]"],
  ] as const;

  it.each(kinds)("is told of in both charts by what it is: %s %o", async (type, extra, line) => {
    const { sent } = await send(type, [{ on: "lookup", status: 503 }], extra);
    const { id } = await engine.until(sent, "filed");
    expect(payloadOf(id)).toEqual([{ contentString: line }]);
    for (const one of line.split("\n")) expect(documentOf(id)?.text.join("\n")).toContain(one);
  });

  it("is filed as ever when it comes while patience lasts", async () => {
    const { sent } = await send("image", []);
    engine.world.whatsapp.behave([{ on: "lookup", status: 503 }]);
    const message = await engine.until(sent, "filed");
    expect(message.attachments).toMatchObject([{ verdict: "clean" }]);
  });

  it("counts, and names no person: metrics and log", async () => {
    const { sent } = await send("image", [{ on: "lookup", status: 503 }]);
    const { id } = await engine.until(sent, "filed");
    const metrics = await (await fetch(`${engine.url}/metrics`)).text();
    expect(metrics).toMatch(/botenstoff_attachments_late_total\{channel="whatsapp-to-kis"\} \d+/);
    const lines = engine.logged.filter(({ event, fields }) => event === "attachment.late" && fields["message"] === id);
    expect(lines).toMatchObject([{ level: "warn", fields: { error: "MEDIA_UNAVAILABLE" } }]);
  });
});

describe("a person", () => {
  let api: { post(path: string, body?: unknown): Promise<number> };
  beforeAll(async () => {
    engine = await startTestEngine({ env: { WHATSAPP_MEDIA_PATIENCE: "P1D" } });
    await engine.admit();
    api = {
      post: async (path, body) =>
        (
          await fetch(`${engine.url}/api/v1/messages/${path}`, {
            method: "POST",
            headers: { authorization: `Bearer ${engine.world.apiToken}`, "content-type": "application/json" },
            ...(body !== undefined && { body: JSON.stringify(body) }),
          })
        ).status,
    };
  });
  afterEach(() => engine.world.whatsapp.behave([]));
  afterAll(() => engine.close());

  const decision = { decided_by: "Dr. M. Beispiel", reason: "the text behind it is urgent" };

  it("lets a message that waits for a picture go on without it, and what waits behind it", async () => {
    const { sent } = await send("image", [{ on: "lookup", status: 503 }]);
    const emergency = await engine.text("NOTFALL");
    const waiting = await engine.until(sent, "received");
    expect(await api.post(`${waiting.id}/placeholder`, decision)).toBe(202);
    await engine.until(emergency, "filed");
    expect((await engine.until(sent, "filed")).attachments).toMatchObject([{ verdict: "late" }]);
    const { rows } = await engine.store.query(
      "SELECT subject, detail FROM journal WHERE action = 'message.placeholder'",
    );
    expect(rows).toMatchObject([{ subject: waiting.id, detail: decision }]);
  });

  it("has a waiting message tried now, and is not refused", async () => {
    const { sent } = await send("image", [{ on: "lookup", status: 503 }]);
    const waiting = await engine.until(sent, "received");
    engine.world.whatsapp.behave([]);
    expect(await api.post(`${waiting.id}/reprocess`)).toBe(202);
    expect((await engine.until(sent, "filed")).attachments).toMatchObject([{ verdict: "clean" }]);
  });

  it("lets a message whose picture was refused go on without it", async () => {
    const media = engine.world.whatsapp.addMedia(Buffer.from("<svg/>"), "image/png");
    const sent = wamid(PATIENT.phone);
    const body = engine.world.whatsapp.imageBody({
      ...{ from: PATIENT.phone, id: sent, mediaId: media.id, mimeType: "image/png", sha256: media.sha256 },
      caption: "Foto",
    });
    expect(await engine.post(engine.world.whatsapp.signedBody(body))).toBe(200);
    const held = await engine.until(sent, "held");
    expect(await api.post(`${held.id}/placeholder`, decision)).toBe(202);
    const filed = await engine.until(sent, "filed");
    expect(filed.attachments).toMatchObject([{ verdict: "left_out" }]);
    expect(payloadOf(filed.id)).toEqual([{ contentString: "[Bild: nicht übernommen]" }, { contentString: "Foto" }]);
    expect(await api.post(`${held.id}/placeholder`, decision)).toBe(409);
  });
});

const corpus = process.env["CORPUS_DIR"];
(corpus === undefined ? describe.skip : describe)("the corpus's picture before an emergency", () => {
  it("does not keep the emergency from the chart", async () => {
    const own = await startTestEngine({
      env: { WHATSAPP_MEDIA_PATIENCE: "PT1S", WHATSAPP_PHONE_NUMBER_ID: "106540352242922" },
    });
    try {
      await own.admit();
      const file = await readFile(join(corpus!, "failing/whatsapp/picture-blocks-emergency-text.json"), "utf8");
      const { first, second } = JSON.parse(file.replaceAll("4915020000041", PATIENT.phone)) as Record<string, unknown>;
      own.world.whatsapp.behave([{ on: "lookup", status: 503, lasts: true }]);
      for (const body of [first, second]) expect(await own.post(own.world.whatsapp.signedBody(body))).toBe(200);
      await own.until("wamid.m489fbb982", "filed");
      await own.until("wamid.m311ae12bc", "filed");
    } finally {
      await own.close();
    }
  });
});
