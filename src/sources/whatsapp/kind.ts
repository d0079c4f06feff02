import { audio } from "./audio.ts";
import { button } from "./button.ts";
import { cards } from "./cards.ts";
import { document } from "./document.ts";
import { edit } from "./edit.ts";
import { image } from "./image.ts";
import { interactive } from "./interactive.ts";
import { location } from "./location.ts";
import { members, word } from "./member.ts";
import type { Members } from "./member.ts";
import { order } from "./order.ts";
import { reaction } from "./reaction.ts";
import { revoke } from "./revoke.ts";
import { sticker } from "./sticker.ts";
import { system } from "./system.ts";
import { text } from "./text.ts";
import { errorCodes, unknown } from "./unknown.ts";
import type { Reading } from "./unknown.ts";
import { video } from "./video.ts";

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
  "request_welcome",
  "edit",
  "revoke",
  "unsupported",
  "unknown",
] as const;

type WhatsappType = (typeof TYPES)[number];

/**
 * Reads one element of `messages[]`. To carry another kind: one file, and its case here. A kind whose own part is
 * missing because Meta could not deliver it (131052: too large) is no mistake: its error codes say so.
 */
export function messageReading(element: Members): Reading {
  const name = word(element["type"]);
  const type = TYPES.find((known) => known === name);
  const codes = errorCodes(element);
  if (type === undefined) return unknown(name ?? "untyped", "unsupported", codes);
  const reading = readingOf(type, element);
  return reading.hold === "malformed" && codes.length > 0 ? unknown(type, "unsupported", codes) : reading;
}

function readingOf(type: WhatsappType, element: Members): Reading {
  switch (type) {
    case "text":
      return text(element);
    case "image":
      return image(element);
    case "audio":
    case "voice":
      return audio(type, element);
    case "video":
      return video(element);
    case "document":
      return document(element);
    case "sticker":
      return sticker(element);
    case "location":
      return location(element);
    case "contacts":
      return cards(element);
    case "button":
      return button(element);
    case "interactive":
      return interactive(element);
    case "reaction":
      return reaction(element);
    case "order":
      return order(element);
    case "system":
      return system(element);
    case "request_welcome":
      return { content: { kind: "note", event: "welcome_requested" } };
    case "edit":
      return edit(element);
    case "revoke":
      return revoke(element);
    case "unsupported":
    case "unknown":
      return unknown(withSubtype(type, element), "unsupported", errorCodes(element));
  }
}

/** `unsupported:edit`: the name alone tells a person nothing. */
function withSubtype(type: WhatsappType, element: Members): string {
  const subtype = word(members(element[type])?.["type"]);
  return subtype === undefined ? type : `${type}:${subtype}`;
}
