import { z } from "zod";
import type { Verdict } from "#src/message/attachment.ts";
import { place } from "#src/store/sealed/message.ts";
import type { Sealer } from "#src/seal/sealer.ts";
import type { AttachmentState } from "#src/store/sql/prepare.ts";
import { openAt } from "#src/store/sealed/place.ts";

const VERDICTS = [
  "pending",
  "clean",
  "quarantined",
  "gone",
  "released",
  "late",
  "missing",
  "left_out",
] as const satisfies readonly Verdict[];

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const attachmentSchema = z.strictObject({
  id: z.uuid(),
  verdict: z.enum(VERDICTS).describe("What became of its bytes; quarantined ones wait for a person."),
  type: z.string().nullable().describe("By the bytes; null before they came."),
  bytes: z.int().nullable(),
  sha256: sha256.nullable().describe("Of the bytes that are filed."),
  original_sha256: sha256.nullable().describe("Of the bytes as fetched, where taking out metadata changed them."),
});

export type AttachmentView = z.infer<typeof attachmentSchema>;

/** An attachment as shown, without anything its sender wrote. @throws BotenstoffError SEAL_BROKEN, EPOCH_KEY_DESTROYED */
export function showAttachment(sealer: Pick<Sealer, "open">, row: AttachmentState): AttachmentView {
  const { stored } = openAt(sealer, place.attachment(row.epoch, row.id), row.sealed);
  return {
    id: row.id,
    verdict: row.verdict,
    type: stored?.type ?? null,
    bytes: stored?.bytes ?? null,
    sha256: stored?.sha256 ?? null,
    original_sha256: stored?.original?.sha256 ?? null,
  };
}
