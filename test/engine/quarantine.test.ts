import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { picture, zip } from "../attachments/pictures.ts";
import { releaseMessage, sendImage, sha256 } from "./attachment-support.ts";
import { startTestEngine, type TestEngine } from "./harness.ts";

let engine: TestEngine;

describe("a quarantined attachment", () => {
  beforeAll(async () => {
    engine = await startTestEngine({ epoch: "PT2S" });
    await engine.admit();
  });
  afterAll(() => engine.close());

  it("outlives the purge of its epoch, sealed anew, and can still be released", async () => {
    const bytes = Buffer.concat([await picture("jpeg"), zip("x")]);
    const { sent } = await sendImage(engine, bytes, "image/jpeg");
    const held = await engine.until(sent, "held");
    const epochOf = async () => {
      const { rows } = await engine.store.query<{ epoch: number }>("SELECT epoch FROM message WHERE id = $1", [
        held.id,
      ]);
      return rows[0]!.epoch;
    };
    const before = await epochOf();
    const purged = await engine.until(await engine.text("geht vor"), "purged");
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
