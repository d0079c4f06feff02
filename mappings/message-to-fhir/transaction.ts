import type { Binary, BundleEntry, Communication, Media, Resource } from "@medplum/fhirtypes";
import type { FhirTransaction } from "#src/fhir/transaction.ts";
import type { StoredContent } from "#src/message/attachment.ts";
import type { Subject } from "#src/message/directory.ts";
import type { Params } from "./params.ts";
import { patientKey } from "./subject.ts";

/** An attachment as it goes into the chart. */
export interface FiledAttachment {
  readonly attachmentId: string;
  readonly stored: StoredContent;
  readonly binary: Binary & { id: string };
  readonly media: Media & { id: string };
}

interface Parts {
  readonly communication: Communication;
  readonly attachments: readonly FiledAttachment[];
  readonly subject: Subject;
  readonly params: Params;
}

/** Everything of one message in one transaction: the chart has all of it or nothing. */
export function transaction({ communication, attachments, subject, params }: Parts): FhirTransaction {
  const resources = [...attachments.flatMap(({ binary, media }) => [binary, media]), communication];
  const { value, system } = patientKey(subject.patient, params);
  return {
    bundle: { resourceType: "Bundle", type: "transaction", entry: resources.map(put) },
    // Binary and Media alternate, Binary first.
    blobs: attachments.map(({ attachmentId }, index) => ({ entry: index * 2, attachmentId })),
    expect: {
      patient: { value, ...(system !== undefined && { system }) },
      communicationId: communication.id ?? "",
      texts: (communication.payload ?? []).flatMap(({ contentString }) => contentString ?? []),
      binaries: attachments.map(({ binary, media, stored }) => ({
        binaryId: binary.id,
        mediaId: media.id,
        bytes: stored.bytes,
        sha256: stored.sha256,
      })),
    },
  };
}

/** PUT with a derived id: a replay updates the same resource to the same content, where a POST would add a second one. */
function put(resource: Resource): BundleEntry {
  const path = `${resource.resourceType}/${resource.id}`;
  return { fullUrl: `urn:uuid:${resource.id}`, resource, request: { method: "PUT", url: path } };
}
