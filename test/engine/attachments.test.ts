import { controlId } from "#src/message/id.ts";
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import sharp from "sharp";
import { blobId } from "#src/message/id.ts";
import { bomb, CANARY, pdf, picture, shown, stored, zip } from "../attachments/pictures.ts";
import { DECISION, releaseMessage, sendImage, sha256 } from "./attachment-support.ts";
import { PATIENT, startTestEngine, type TestEngine } from "./harness.ts";

let engine: TestEngine;
const send = (bytes: Buffer, mimeType: string, announced?: string) => sendImage(engine, bytes, mimeType, announced);
const release = (id: string) => releaseMessage(engine, id);

/** The bytes the chart holds for an attachment. */
function filedBytes(messageId: string): Buffer[] {
  const media = engine.world.fhir.chart.all("Media").filter((one) => JSON.stringify(one).includes(messageId));
  const communication = engine.world.fhir.chart.read(`Communication/${messageId}`);
  const references = JSON.stringify(communication).match(/Media\/[0-9a-f-]+/g) ?? [];
  return [...new Set(references)].map((reference) => {
    const { content } = (engine.world.fhir.chart.read(reference) ?? media[0]) as { content: { url: string } };
    const { data } = engine.world.fhir.chart.read(content.url) as unknown as { data: string };
    return Buffer.from(data, "base64");
  });
}

const deleted = (media: string) => engine.world.whatsapp.deletedMedia.includes(media);

describe("an attachment", () => {
  beforeAll(async () => {
    engine = await startTestEngine();
    await engine.admit();
  });
  afterEach(() => engine.world.whatsapp.behave([]));
  afterAll(() => engine.close());

  it.each(["jpeg", "png", "webp"] as const)(
    "%s is filed without its metadata, upright as before and confirmed by the filed hash; then Meta's copy goes",
    async (format) => {
      const bytes = await picture(format, 6);
      const { sent, media } = await send(bytes, `image/${format}`);
      const message = await engine.until(sent, "filed");
      const [filed] = filedBytes(message.id);
      expect(filed?.includes(CANARY)).toBe(false);
      expect(await stored(filed!)).toEqual(await stored(bytes));
      expect(await shown(filed!)).toEqual(await shown(bytes));
      expect(message.attachments).toEqual([
        expect.objectContaining({
          verdict: "clean",
          type: `image/${format}`,
          sha256: sha256(filed!),
          original_sha256: sha256(bytes),
          bytes: filed!.length,
        }),
      ]);
      expect(message.deliveries?.find(({ destination }) => destination === "chart")).toMatchObject({
        state: "confirmed",
        confirmation: { evidence: { binaries: [{ sha256: sha256(filed!) }] } },
      });
      await engine.eventually("Meta's copy is deleted", () => deleted(media));
    },
  );

  it("is kept as three sealed blobs: what is filed, what came, and a preview; as two where nothing was taken out", async () => {
    const bare = await sharp({ create: { width: 60, height: 40, channels: 3, background: "#a33" } })
      .jpeg()
      .toBuffer();
    for (const [bytes, changed] of [
      [await picture("jpeg", 3), true],
      [bare, false],
    ] as const) {
      const { sent } = await send(bytes, "image/jpeg");
      const message = await engine.until(sent, "filed");
      const { rows } = await engine.store.query<{ epoch: number }>("SELECT epoch FROM message WHERE id = $1", [
        message.id,
      ]);
      const folder = join(engine.world.env["BOTENSTOFF_DATA_DIR"]!, "blobs", String(rows[0]!.epoch));
      const { id, original_sha256: original } = message.attachments![0]!;
      expect(original).toBe(changed ? sha256(bytes) : null);
      const blobs = await readdir(folder);
      expect(blobs).toEqual(expect.arrayContaining([id, blobId(id, "preview")]));
      expect(blobs.includes(blobId(id, "original"))).toBe(changed);
      if (!changed) expect(filedBytes(message.id)[0]!.equals(bytes)).toBe(true);
    }
  });

  const hostile: [string, () => Promise<Buffer>, string, string][] = [
    ["an SVG named as image", async () => Buffer.from("<svg onload='alert(1)'/>"), "image/png", "MEDIA_TYPE_LIES"],
    ["an SVG that says so", async () => Buffer.from("<svg/>"), "image/svg+xml", "MEDIA_TYPE_LIES"],
    ["HTML named as text", async () => Buffer.from("\n <html><script>x</script>"), "text/plain", "MEDIA_TYPE_LIES"],
    ["HTML named as image", async () => Buffer.from("<!doctype html>"), "image/jpeg", "MEDIA_TYPE_LIES"],
    ["a program named as image", async () => Buffer.from("MZ" + "\0".repeat(200)), "image/jpeg", "MEDIA_TYPE_LIES"],
    ["binary named as text", async () => Buffer.from([0, 1, 2, 3]), "text/plain", "MEDIA_TYPE_LIES"],
    ["a PNG named as JPEG", () => picture("png"), "image/jpeg", "MEDIA_TYPE_LIES"],
    ["a PDF named as image", async () => pdf(), "image/png", "MEDIA_TYPE_LIES"],
    [
      "a picture that is a ZIP as well",
      async () => Buffer.concat([await picture("jpeg"), zip("x")]),
      "image/jpeg",
      "MEDIA_TYPE_LIES",
    ],
    [
      "a PDF that is a ZIP as well",
      async () => Buffer.concat([pdf(), zip("%%EOF")]),
      "application/pdf",
      "MEDIA_TYPE_LIES",
    ],
    [
      "a picture with HTML behind it",
      async () => Buffer.concat([await picture("png"), Buffer.from("<html>")]),
      "image/png",
      "MEDIA_UNREADABLE",
    ],
    ["a ZIP", async () => zip("x".repeat(50)), "application/zip", "MEDIA_TYPE_NOT_ALLOWED"],
    [
      "a GIF",
      async () =>
        sharp(await picture("png"))
          .gif()
          .toBuffer(),
      "image/gif",
      "MEDIA_TYPE_NOT_ALLOWED",
    ],
    ["a decompression bomb", async () => bomb(), "image/png", "MEDIA_UNREADABLE"],
    ["half a picture", async () => (await picture("jpeg")).subarray(0, -300), "image/jpeg", "MEDIA_UNREADABLE"],
    [
      "a PDF with a script",
      async () => pdf("/OpenAction<</S/JavaScript/JS(x)>>"),
      "application/pdf",
      "MEDIA_UNREADABLE",
    ],
    ["nothing at all", async () => Buffer.alloc(0), "image/jpeg", "MEDIA_TYPE_LIES"],
  ];

  it.each(hostile)("%s is held, and nothing of it reaches the KIS", async (_, make, type, code) => {
    const documents = engine.world.mllp.documents.size;
    const { sent, media } = await send(await make(), type);
    const message = await engine.until(sent, "held");
    expect(message).toMatchObject({ reason: "quarantine", attachments: [{ verdict: "quarantined" }], deliveries: [] });
    expect(message.last_error).toMatch(new RegExp(`^${code}: `));
    expect(engine.world.fhir.chart.read(`Communication/${message.id}`)).toBeUndefined();
    expect(engine.world.mllp.documents.size).toBe(documents);
    expect([deleted(media), engine.world.whatsapp.hasMedia(media)]).toEqual([false, true]);
  });

  it("that is an encrypted PDF is filed with a line that says so in every chart", async () => {
    const { sent } = await send(pdf("/Encrypt 9 0 R"), "application/pdf");
    const message = await engine.until(sent, "filed");
    const filed = engine.world.fhir.chart.read(`Communication/${message.id}`) as {
      payload?: { contentString?: string }[];
    };
    const line = "verschlüsselt, ungeprüft, vielleicht nur mit Kennwort zu öffnen]";
    expect(filed.payload?.map(({ contentString }) => contentString ?? "").join("\n")).toContain(line);
    const document = engine.world.mllp.documents.get(controlId(message.id, "document"));
    expect(document?.text.join("\n")).toContain(line);
  });

  it("that is quarantined goes on as it is when a person releases it, and only then is deleted at Meta", async () => {
    const bytes = Buffer.concat([await picture("jpeg"), zip("x")]);
    const { sent, media } = await send(bytes, "image/jpeg");
    const held = await engine.until(sent, "held");
    expect(await release(held.id)).toBe(202);
    const filed = await engine.until(sent, "filed");
    expect(filed.attachments).toMatchObject([{ verdict: "released", sha256: sha256(bytes), original_sha256: null }]);
    expect(filedBytes(filed.id)).toEqual([bytes]);
    expect(filed.history?.map(({ state }) => state)).toEqual(["received", "held", "received", "routed", "filed"]);
    await engine.eventually("Meta's copy is deleted", () => deleted(media));
    const { rows } = await engine.store.query(`SELECT subject, detail FROM journal WHERE action = 'message.released'`);
    expect(rows).toMatchObject([{ subject: filed.id, detail: DECISION }]);
    expect(await release(held.id)).toBe(409);
  });

  it("whose bytes differ from the announced hash is asked for once more, then held; a reprocess asks again", async () => {
    engine.world.whatsapp.behave([{ on: "download", fault: "wrong-bytes" }]);
    const first = await send(await picture("png"), "image/png");
    await engine.until(first.sent, "filed");
    engine.world.whatsapp.behave([
      { on: "download", fault: "wrong-bytes" },
      { on: "download", fault: "wrong-bytes" },
    ]);
    const second = await send(await picture("png", 2), "image/png");
    const held = await engine.until(second.sent, "held");
    expect(held.last_error).toMatch(/^MEDIA_HASH_MISMATCH: /);
    expect(await engine.api.reprocess(held.id)).toBe(202);
    await engine.until(second.sent, "filed");
  });

  it("is compared with the webhook's hash too, not only with the Graph API's", async () => {
    const other = createHash("sha256").update("other").digest("base64");
    const { sent } = await send(await picture("png"), "image/png", other);
    expect((await engine.until(sent, "held")).last_error).toMatch(/^MEDIA_HASH_MISMATCH: /);
  });

  it("that is gone at Meta has nothing to release", async () => {
    engine.world.whatsapp.behave([{ on: "lookup", status: 404 }]);
    const { sent } = await send(await picture("png"), "image/png");
    const held = await engine.until(sent, "held");
    expect(held).toMatchObject({ attachments: [{ verdict: "gone", bytes: null }] });
    expect(await release(held.id)).toBe(409);
  });

  it("that cannot be fetched now keeps its message incomplete, and a duplicate meanwhile changes nothing", async () => {
    engine.world.whatsapp.behave([
      { on: "lookup", status: 500 },
      { on: "lookup", status: 401 },
      { on: "download", status: 503 },
    ]);
    const bytes = await picture("png");
    const { sent } = await send(bytes, "image/png");
    const waiting = await engine.until(sent, "received");
    expect(waiting.deliveries).toEqual([]);
    const after = await engine.text("und danach");
    const again = engine.world.whatsapp.imageBody({
      from: PATIENT.phone,
      id: sent,
      mediaId: "1",
      mimeType: "image/png",
      sha256: "",
    });
    expect(await engine.post(engine.world.whatsapp.signedBody(again))).toBe(200);
    const message = await engine.until(sent, "filed");
    await engine.until(after, "filed");
    expect(await engine.api.find(sent)).toHaveLength(1);
    expect(filedBytes(message.id)).toHaveLength(1);
  });

  it("is deleted at Meta although that fails at first and the engine restarts; gone already counts as deleted", async () => {
    engine.world.whatsapp.behave(Array.from({ length: 5 }, () => ({ on: "delete", status: 500 })));
    const { sent, media } = await send(await picture("png"), "image/png");
    const { id } = await engine.until(sent, "filed");
    const open = async () => {
      const { rows } = await engine.store.query<{ attempts: number }>(
        "SELECT attempts FROM media_deletion WHERE message_id = $1 AND due_at IS NOT NULL",
        [id],
      );
      return rows[0]?.attempts;
    };
    await engine.eventually("a deletion failed", async () => ((await open()) ?? 0) > 0);
    expect(deleted(media)).toBe(false);
    await engine.restart();
    engine.world.whatsapp.behave([{ on: "delete", status: 404 }]);
    await engine.store.query("UPDATE media_deletion SET due_at = now() WHERE message_id = $1", [id]);
    await engine.eventually("nothing is left to delete", async () => (await open()) === undefined);
    const metrics = await (await fetch(`${engine.url}/metrics`)).text();
    expect(metrics).toMatch(/botenstoff_media_deletions_total\{channel="whatsapp-to-kis",outcome="gone"\} 1/);
  });
});
