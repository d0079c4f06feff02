import { createHash } from "node:crypto";
import { expect } from "@jest/globals";
import { wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import { PATIENT, type TestEngine } from "./harness.ts";

export const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
export const DECISION = { released_by: "Dr. M. Beispiel", reason: "seen on an isolated machine" };

/** Sends an attachment as the patient's image; resolves with its wamid and media id. */
export async function sendImage(
  engine: TestEngine,
  bytes: Buffer,
  mimeType: string,
  announced?: string,
): Promise<{ sent: string; media: string }> {
  const sent = wamid(PATIENT.phone);
  const media = engine.world.whatsapp.addMedia(bytes, mimeType);
  const payload = engine.world.whatsapp.imageBody({
    from: PATIENT.phone,
    id: sent,
    mediaId: media.id,
    mimeType,
    sha256: announced ?? media.sha256,
  });
  expect(await engine.post(engine.world.whatsapp.signedBody(payload))).toBe(200);
  return { sent, media: media.id };
}

/** Releases a quarantined message as a person would; resolves with the answer's status. */
export async function releaseMessage(engine: TestEngine, id: string): Promise<number> {
  const response = await fetch(`${engine.url}/api/v1/messages/${id}/release`, {
    method: "POST",
    headers: { authorization: `Bearer ${engine.world.apiToken}`, "content-type": "application/json" },
    body: JSON.stringify(DECISION),
  });
  return response.status;
}
