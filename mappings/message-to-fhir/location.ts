import type { Location } from "@medplum/fhirtypes";
import { fhirString } from "#src/fhir/text.ts";
import type { LocationContent } from "#src/message/content.ts";
import { readableLines } from "#src/wording/readable.ts";
import type { Chart } from "./chart.ts";
import { textPayload, type Rendered } from "./rendered.ts";

const GEOLOCATION = "http://hl7.org/fhir/StructureDefinition/geolocation";

/**
 * A place: a readable line, and for machines a contained Location, because it is no place of the hospital's. Its address
 * carries the geolocation extension, whose only context is Address; `position` says the same to those who look there.
 */
export function location(content: LocationContent, { words }: Chart): Rendered {
  const { latitude, longitude, name, address } = content;
  const place: Location = {
    resourceType: "Location",
    id: "location",
    ...(name !== undefined && { name: fhirString(name) }),
    address: {
      extension: [
        {
          url: GEOLOCATION,
          extension: [
            { url: "latitude", valueDecimal: latitude },
            { url: "longitude", valueDecimal: longitude },
          ],
        },
      ],
      ...(address !== undefined && { text: fhirString(address) }),
    },
    position: { longitude, latitude },
  };
  return {
    contained: [place],
    payload: [
      textPayload(readableLines(content, words).join("\n")),
      { contentReference: { type: "Location", reference: "#location" } },
    ],
  };
}
