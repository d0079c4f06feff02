import { members } from "./member.ts";
import type { Members } from "./member.ts";
import { reference } from "./reference.ts";
import { unknown } from "./unknown.ts";
import type { Reading } from "./unknown.ts";

/** `{"type":"audio","audio":{"id","voice":true,…}}`; the On-Premises API wrote `"type":"voice"` for a voice message. */
export function audio(type: "audio" | "voice", element: Members): Reading {
  const media = members(element[type]);
  const attachment = reference(media);
  if (!attachment) return unknown(type, "malformed");
  return {
    content: { kind: "audio", voice: type === "voice" || media?.["voice"] === true },
    attachments: [attachment],
  };
}
