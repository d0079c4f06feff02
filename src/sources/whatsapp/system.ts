import type { NoteContent } from "#src/message/content.ts";
import { members, word } from "./member.ts";
import type { Members } from "./member.ts";
import { unknown } from "./unknown.ts";
import type { Reading } from "./unknown.ts";

/** `customer_*` are the older names. */
const EVENTS: Readonly<Partial<Record<string, NoteContent["event"]>>> = {
  user_changed_number: "number_changed",
  customer_changed_number: "number_changed",
  user_changed_user_id: "user_id_changed",
  user_identity_changed: "identity_changed",
  customer_identity_changed: "identity_changed",
};

/** `{"type":"system","system":{"type":"user_changed_number","body":"User … changed from … to …","wa_id",…}}`. */
export function system(element: Members): Reading {
  const said = members(element["system"]);
  const type = word(said?.["type"]);
  const text = word(said?.["body"]);
  if (!said || (type === undefined && text === undefined)) return unknown("system", "malformed");
  const event = (type !== undefined && Object.hasOwn(EVENTS, type) ? EVENTS[type] : undefined) ?? "other";
  return { content: { kind: "note", event, ...sentence(event, type, text) } };
}

/** A note that says nothing by its event and has no sentence shows at least what Meta called it. */
function sentence(event: NoteContent["event"], type: string | undefined, text: string | undefined): { text?: string } {
  const shown = text ?? (event === "other" ? type : undefined);
  return shown === undefined ? {} : { text: shown };
}
