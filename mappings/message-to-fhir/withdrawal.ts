import type { BundleEntry } from "@medplum/fhirtypes";
import type { FhirTransaction } from "#src/fhir/transaction.ts";

const ENTERED_IN_ERROR = "entered-in-error";

/**
 * Takes a message out of a chart it does not belong to: the same resources under the same ids, "entered-in-error"
 * (R4 lifecycle.html), so that readers no longer show them and the chart keeps what it once said. A Binary has no
 * status; it stays as it is, and nothing valid points to it any more.
 */
export function withdrawal({ bundle, expect }: FhirTransaction): FhirTransaction {
  const entry = (bundle.entry ?? []).filter(({ resource }) => resource?.resourceType !== "Binary").map(inError);
  return {
    bundle: { ...bundle, entry },
    blobs: [],
    expect: {
      ...expect,
      texts: [],
      inline: [],
      binaries: [],
      enteredInError: entry.flatMap(({ request }) => request?.url ?? []),
    },
  };
}

function inError(entry: BundleEntry): BundleEntry {
  const { resource } = entry;
  const type = resource?.resourceType;
  if (type !== "Communication" && type !== "Media" && type !== "DocumentReference") return entry;
  return { ...entry, resource: { ...resource, status: ENTERED_IN_ERROR } };
}
