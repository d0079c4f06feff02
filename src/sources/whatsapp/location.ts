import { members, word } from "./member.ts";
import type { Members } from "./member.ts";
import { unknown } from "./unknown.ts";
import type { Reading } from "./unknown.ts";

/** `{"type":"location","location":{"latitude","longitude","name"?,"address"?,"url"?}}`; a bare pin has only degrees. */
export function location(element: Members): Reading {
  const place = members(element["location"]);
  const latitude = degrees(place?.["latitude"], 90);
  const longitude = degrees(place?.["longitude"], 180);
  if (!place || latitude === undefined || longitude === undefined) return unknown("location", "malformed");
  const name = word(place["name"]);
  const address = word(place["address"]);
  const url = word(place["url"]);
  return {
    content: {
      kind: "location",
      latitude,
      longitude,
      ...(name && { name }),
      ...(address && { address }),
      ...(url && { url }),
    },
  };
}

/** Degrees as a number or as digits; undefined beyond `limit`, because a place that does not exist is a mistake. */
function degrees(value: unknown, limit: number): number | undefined {
  const given = typeof value === "string" && /^-?\d{1,3}(\.\d+)?$/.test(value) ? Number(value) : value;
  return typeof given === "number" && Math.abs(given) <= limit ? given : undefined;
}
