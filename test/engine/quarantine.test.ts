import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { picture, zip } from "../attachments/pictures.ts";
import { imageUpdate, textUpdate, wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import { releaseMessage, sha256 } from "./attachment-support.ts";
import { PATIENT, startTestEngine, type TestEngine } from "./harness.ts";

let engine: TestEngine;

describe("a quarantined attachment", () => {
  beforeAll(async () => {
    engine = await startTestEngine({ epoch: "PT2S" });
    await engine.admit();
  });
  afterAll(() => engine.close());

  it("outlives the purge of its epoch, sealed anew, and can still be released", async () => {
    const bytes = Buffer.concat([await picture("jpeg"), zip("x")]);
    // In one body, and so in one epoch: one with nothing to destroy would be left alone.
    const { id: mediaId, sha256: hash } = engine.world.whatsapp.addMedia(bytes, "image/jpeg");
    const [sent, goesOn] = [wamid(PATIENT.phone), wamid(PATIENT.phone)];
    const image = imageUpdate({ from: PATIENT.phone, id: sent, mediaId, mimeType: "image/jpeg", sha256: hash });
    const text = textUpdate({ from: PATIENT.phone, id: goesOn, body: "geht vor" });
    await engine.post(engine.world.whatsapp.signedBody(engine.world.whatsapp.batchBody([image, text])));
    const held = await engine.until(sent, "held");
    const epochOf = async () => {
      const { rows } = await engine.store.query<{ epoch: number }>("SELECT epoch FROM message WHERE id = $1", [
        held.id,
      ]);
      return rows[0]!.epoch;
    };
    const before = await epochOf();
    const purged = await engine.until(goesOn, "purged");
    expect(purged.state).toBe("purged");
    await engine.eventually("it has moved on", async () => (await epochOf()) > before);
    expect(await releaseMessage(engine, held.id)).toBe(202);
    const filed = await engine.until(sent, "filed", "purged");
    expect(filed.history?.map(({ state }) => state)).toContain("filed");
    expect([...engine.world.mllp.documents.values()].flatMap(({ attachments }) => attachments)).toEqual([
      sha256(bytes),
    ]);
  });
});
