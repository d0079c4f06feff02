import type { DestinationSpec } from "./destination.ts";
import { directoryDestination } from "./directory/destination.ts";
import { fhirDestination } from "./fhir/destination.ts";
import { mllpDestination } from "./mllp/destination.ts";

/** Every kind of destination a channel may name: one folder, one line. */
export const DESTINATIONS: readonly DestinationSpec[] = [fhirDestination, mllpDestination, directoryDestination];
