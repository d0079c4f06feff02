import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { Attachment, Bundle, Resource } from "@medplum/fhirtypes";
import type { FhirTransaction } from "#src/fhir/transaction.ts";
import { scaledPicture } from "#src/rendition/picture.ts";
import { Undrawable } from "#src/rendition/undrawable.ts";
import type { Job } from "../destination.ts";

type OpenBlob = Job["openBlob"];

/** A transaction with its smaller pictures made, and where the bytes of all its attachments are. */
export interface Complete {
  readonly transaction: FhirTransaction;
  readonly openBlob: OpenBlob;
}

/**
 * Makes the pictures of a transaction that are to be smaller, and says of them what is known then: size and hash, where they
 * are described and in what is to be read back. The same picture is the same bytes each time.
 * @throws Undrawable for all that cannot be made so small
 */
export async function withScaled(transaction: FhirTransaction, openBlob: OpenBlob): Promise<Complete> {
  const made = new Map<string, Buffer>();
  const undrawable = new Map<string, unknown>();
  for (const { attachmentId, scaledTo } of transaction.blobs) {
    if (scaledTo === undefined) continue;
    const picture = await buffer(openBlob(attachmentId));
    await scaledPicture(picture, scaledTo).then(
      (bytes) => made.set(attachmentId, bytes),
      (error: unknown) => undrawable.set(attachmentId, error),
    );
  }
  if (undrawable.size > 0) throw new Undrawable([...undrawable.keys()], [...undrawable.values()][0]);
  if (made.size === 0) return { transaction, openBlob };
  return {
    transaction: described(transaction, made),
    openBlob: (id) => {
      const bytes = made.get(id);
      return bytes ? Readable.from([bytes]) : openBlob(id);
    },
  };
}

function described(transaction: FhirTransaction, made: ReadonlyMap<string, Buffer>): FhirTransaction {
  const entries = [...(transaction.bundle.entry ?? [])];
  const binaries = [...transaction.expect.binaries];
  for (const [index, { entry, attachmentId }] of transaction.blobs.entries()) {
    const bytes = made.get(attachmentId);
    const [of, expected] = [entries[entry + 1], binaries[index]];
    if (!bytes || !of?.resource || !expected) continue;
    entries[entry + 1] = { ...of, resource: withContent(of.resource, bytes) };
    binaries[index] = { ...expected, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  }
  const bundle: Bundle = { ...transaction.bundle, entry: entries };
  return { ...transaction, bundle, expect: { ...transaction.expect, binaries } };
}

/** FHIR R4's Attachment.hash is SHA-1. */
function withContent(resource: Resource, bytes: Buffer): Resource {
  const known = { size: bytes.length, hash: createHash("sha1").update(bytes).digest("base64") };
  const filled = (content: Attachment): Attachment => ({ ...content, ...known });
  if (resource.resourceType === "Media") return { ...resource, content: filled(resource.content) };
  if (resource.resourceType !== "DocumentReference") return resource;
  const content = resource.content.map((one) => ({ ...one, attachment: filled(one.attachment) }));
  return { ...resource, content };
}
