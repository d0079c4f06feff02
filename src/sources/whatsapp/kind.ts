import { image } from "./image.ts";
import { members, word } from "./member.ts";
import type { Members } from "./member.ts";
import { text } from "./text.ts";
import { unknown } from "./unknown.ts";
import type { Reading } from "./unknown.ts";

/** Every `messages[].type` Meta documents, `unknown` and `voice` being older names still met. */
const TYPES = [
  "text",
  "image",
  "audio",
  "voice",
  "video",
  "document",
  "sticker",
  "location",
  "contacts",
  "button",
  "interactive",
  "reaction",
  "order",
  "system",
  "edit",
  "revoke",
  "unsupported",
  "unknown",
] as const;

type WhatsappType = (typeof TYPES)[number];

/** Reads one element of `messages[]`. To carry another kind: one file, and its case here. */
export function messageReading(element: Members): Reading {
  const name = word(element["type"]);
  const type = TYPES.find((known) => known === name);
  return type === undefined ? unknown(name ?? "untyped") : readingOf(type, element);
}

function readingOf(type: WhatsappType, element: Members): Reading {
  switch (type) {
    case "text":
      return text(element);
    case "image":
      return image(element);
    case "interactive":
    case "system":
    case "unsupported":
      return unknown(withSubtype(type, element));
    case "audio":
    case "voice":
    case "video":
    case "document":
    case "sticker":
    case "location":
    case "contacts":
    case "button":
    case "reaction":
    case "order":
    case "edit":
    case "revoke":
    case "unknown":
      return unknown(type);
  }
}

/** `unsupported:edit`, `system:user_changed_number`: for these types the name alone tells a person nothing. */
function withSubtype(type: WhatsappType, element: Members): string {
  const subtype = word(members(element[type])?.["type"]);
  return subtype === undefined ? type : `${type}:${subtype}`;
}
