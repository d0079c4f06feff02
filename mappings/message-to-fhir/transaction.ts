import { createHash } from "node:crypto";
import type { BundleEntry, Communication, Resource } from "@medplum/fhirtypes";
import type { Expectation, FhirTransaction } from "#src/fhir/transaction.ts";
import type { Message } from "#src/message/message.ts";
import type { Chart } from "./chart.ts";
import { communication } from "./communication.ts";
import type { Rendered } from "./rendered.ts";
import { patientKey } from "./subject.ts";

/** Everything of one message in one transaction: the chart has all of it or nothing. */
export function transaction(message: Message, rendered: Rendered, chart: Chart): FhirTransaction {
  const { attachments = [] } = rendered;
  const said = communication(message, rendered, chart);
  const resources = [...attachments.flatMap(({ binary, description }) => [binary, description]), said];
  const { identifier: _identifier, ...patient } = patientKey(chart.subject.patient, chart.params);
  return {
    bundle: { resourceType: "Bundle", type: "transaction", entry: resources.map(put) },
    // Binary and its description alternate, Binary first.
    blobs: attachments.map(({ attachmentId, scaledTo }, index) => ({
      ...{ entry: index * 2, attachmentId },
      ...(scaledTo !== undefined && { scaledTo }),
    })),
    expect: {
      patient,
      communicationId: said.id ?? "",
      texts: [
        ...(said.payload ?? []).flatMap(({ contentString }) => contentString ?? []),
        ...(said.note ?? []).map(({ text }) => text),
      ],
      inline: inlineOf(said),
      binaries: attachments.map(({ binary, description, stored }) => ({
        binaryId: binary.id,
        describedBy: `${description.resourceType}/${description.id}`,
        bytes: stored.bytes,
        sha256: stored.sha256,
      })),
    },
  };
}

function inlineOf({ payload = [] }: Communication): Expectation["inline"] {
  return payload.flatMap(({ contentAttachment }) => {
    if (contentAttachment?.data === undefined) return [];
    const bytes = Buffer.from(contentAttachment.data, "base64");
    return [{ bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") }];
  });
}

/** PUT with a derived id: a replay updates the same resource to the same content, where a POST would add a second one. */
function put(resource: Resource): BundleEntry {
  const path = `${resource.resourceType}/${resource.id}`;
  return { fullUrl: `urn:uuid:${resource.id}`, resource, request: { method: "PUT", url: path } };
}
