import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Communication } from "@medplum/fhirtypes";
import sharp from "sharp";
import { gradientPng } from "#src/demo/picture.ts";
import { callBody, echoBody, historyBody } from "#src/simulators/whatsapp-cloud/fields.ts";
import { kindParts, mediaPart, type KindPart } from "#src/simulators/whatsapp-cloud/kinds.ts";
import { elementUpdate, wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import { CHANNEL, PATIENT, startTestEngine, type TestEngine } from "./harness.ts";

/** The smallest bytes that are what they say: a page of Ogg with Opus in it, an MP4 file type box. */
const VOICE = Buffer.concat([Buffer.from("OggS"), Buffer.alloc(24), Buffer.from("OpusHead"), Buffer.alloc(64, 1)]);
const FILM = Buffer.concat([
  Buffer.from([0, 0, 0, 24]),
  Buffer.from("ftypisom\0\0\x02\0isommp42", "latin1"),
  Buffer.alloc(64, 1),
]);
const NOTE = Buffer.from("Blutdruck\n120/80\n");

describe("every kind of message", () => {
  let channels: string;
  let engine: TestEngine;
  beforeAll(async () => {
    channels = await mkdtemp(join(tmpdir(), "botenstoff-channels-"));
    await cp("channels", channels, { recursive: true });
    const file = join(channels, `${CHANNEL}.yaml`);
    const shipped = await readFile(file, "utf8");
    // Its own tests say that what cannot be read is held, so they stay behind.
    const placing = shipped.replace("type: whatsapp", "type: whatsapp\n  unknown_kinds: placeholder");
    await writeFile(file, placing.slice(0, placing.indexOf("\ntests:")));
    engine = await startTestEngine({ channels });
    await engine.admit();
  });
  afterAll(async () => {
    await engine.close();
    await rm(channels, { recursive: true });
  });

  const send = async (payload: unknown) => {
    expect(await engine.post(engine.world.whatsapp.signedBody(payload))).toBe(200);
  };
  const say = async (part: KindPart, timestamp = Math.floor(Date.now() / 1_000)) => {
    const id = wamid(PATIENT.phone);
    await send(engine.world.whatsapp.batchBody([elementUpdate({ from: PATIENT.phone, id, timestamp }, part)]));
    return id;
  };
  /** The message's Communication, once chart and archive both have it and the chart was read back. */
  const filed = async (id: string) => {
    const message = await engine.until(id, "filed");
    expect(message.deliveries?.map(({ state }) => state).sort()).toEqual(["accepted", "confirmed"]);
    return engine.world.fhir.chart.read(`Communication/${message.id}`) as Communication;
  };

  // A change of number takes the number from the patient, so it comes last.
  it.each(Object.keys(kindParts("")).filter((name) => name !== "system"))(
    "files %s into chart and archive, readable and confirmed",
    async (name) => {
      const original = await engine.text("Die Wunde nässt seit gestern.");
      const before = await filed(original);
      const part = kindParts(original)[name];
      if (!part) throw new Error(`no example of ${name}`);
      const { payload, subject } = await filed(await say(part));
      expect(payload?.[0]?.contentString).toMatch(/\S/);
      expect(subject?.identifier?.value).toBe(PATIENT.number);
      expect(engine.world.fhir.chart.read(`Communication/${before.id ?? ""}`)).toEqual(before);
    },
  );

  const media: [string, Buffer, string, Parameters<typeof mediaPart>[2]][] = [
    ["audio", VOICE, "audio/ogg; codecs=opus", { voice: true }],
    ["video", FILM, "video/mp4", { caption: "So laufe ich" }],
    ["document", NOTE, "text/plain", { filename: "werte.txt" }],
    ["image", gradientPng(16, 16), "image/png", {}],
  ];

  it.each(media)("files a message of type %s, its bytes unchanged", async (type, bytes, mimeType, extra) => {
    const { id, sha256 } = engine.world.whatsapp.addMedia(bytes, mimeType);
    const said = mediaPart(type as "audio", { id, mimeType, sha256 }, extra);
    const { payload = [], medium } = await filed(await say(said));
    expect(medium?.[0]?.coding?.[0]?.code).toBe(type === "audio" ? "DICTATE" : "ONLINEWRIT");
    const description = engine.world.fhir.chart.read(payload[0]?.contentReference?.reference ?? "");
    expect(description?.resourceType).toBe(type === "document" ? "DocumentReference" : "Media");
    const identifiers = (description as { identifier: { value: string }[] }).identifier.map(({ value }) => value);
    expect(identifiers).toContain(createHash("sha256").update(bytes).digest("hex"));
  });

  it("files a sticker as a picture", async () => {
    const bytes = await sharp(gradientPng(16, 16)).webp({ lossless: true }).toBuffer();
    const { id, sha256 } = engine.world.whatsapp.addMedia(bytes, "image/webp");
    const { payload = [] } = await filed(await say(mediaPart("sticker", { id, mimeType: "image/webp", sha256 })));
    expect(payload).toEqual([{ contentReference: { type: "Media", reference: expect.stringMatching(/^Media\//) } }]);
  });

  it("files what the hospital's phone sent to the patient, with the hospital as its sender", async () => {
    const to = { to: PATIENT.phone, id: wamid(PATIENT.phone), timestamp: Math.floor(Date.now() / 1_000) };
    await send(
      echoBody(engine.world.env["WHATSAPP_PHONE_NUMBER_ID"] ?? "", to, { type: "text", text: { body: "10 Uhr" } }),
    );
    expect(await filed(to.id)).toMatchObject({
      sender: { display: "Krankenhaus" },
      recipient: [{ identifier: { value: PATIENT.number } }],
      payload: [{ contentString: "10 Uhr" }],
    });
  });

  it("files a call, and what was written before the number was connected", async () => {
    const number = engine.world.env["WHATSAPP_PHONE_NUMBER_ID"] ?? "";
    const timestamp = Math.floor(Date.now() / 1_000);
    await send(
      callBody(number, {
        by: "patient",
        phone: PATIENT.phone,
        id: "wacid.1",
        event: "terminate",
        timestamp,
        durationSeconds: 61,
      }),
    );
    expect(await filed("call:wacid.1:terminate")).toMatchObject({
      payload: [{ contentString: "[Anruf: beendet, 61 s]" }],
    });
    const part = { type: "text", text: { body: "Bis morgen" } };
    await send(
      historyBody(number, PATIENT.phone, [{ by: "patient", id: "wamid.old", timestamp: timestamp - 86_400, part }]),
    );
    expect(await filed("wamid.old")).toMatchObject({ note: [{ text: "[Aus dem Verlauf vor dem Anschluss]" }] });
  });

  it("files a kind nobody knows as a placeholder where the channel says so", async () => {
    const { payload } = await filed(await say({ type: "hologram", hologram: {} }));
    expect(payload).toEqual([{ contentString: "[Nicht darstellbare Nachricht: hologram]" }]);
  });

  it("holds one that is malformed in its own part, whatever the channel says", async () => {
    expect(await engine.until(await say({ type: "location", location: {} }), "held")).toMatchObject({
      reason: "malformed",
    });
  });

  it("files a change of number as a note; what the old number writes afterwards is held", async () => {
    const left = Math.floor(Date.now() / 1_000) + 60;
    const { payload } = await filed(await say(kindParts("")["system"] ?? { type: "" }, left));
    expect(payload).toEqual([{ contentString: "[Rufnummer gewechselt]\nNummer gewechselt" }]);
    const later = await say({ type: "text", text: { body: "Ich bin jemand anders" } }, left + 60);
    expect(await engine.until(later, "held")).toMatchObject({ reason: "unverified" });
  });
});
