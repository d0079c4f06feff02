import type { MessageDraft } from "#src/message/message.ts";
import { person } from "./contact.ts";
import { draft } from "./draft.ts";
import type { Place } from "./draft.ts";
import { list, members, word } from "./member.ts";
import type { Members } from "./member.ts";
import { unknown } from "./unknown.ts";

/** Fields whose `groups[]` tell what became of a group: made, left, renamed, suspended. */
export const GROUP_FIELDS: ReadonlySet<string> = new Set([
  "group_lifecycle_update",
  "group_participants_update",
  "group_settings_update",
  "group_status_update",
]);

const PARTICIPANTS = ["added_participants", "removed_participants", "failed_participants"];

/**
 * `{"group_id","type":"group_participants_remove","removed_participants"?:[{"wa_id"}],…}`: a note in the group's
 * conversation. It belongs to a patient only where it is about exactly one person; else a person decides. What Meta refused
 * to do concerns no group and nobody in it: undefined.
 */
export function groupChange(place: Place, element: unknown): MessageDraft | undefined {
  const change = members(element);
  const group = word(change?.["group_id"]);
  if (change && list(change["errors"])?.length && !soleParticipant(change)) return undefined;
  if (!change || group === undefined) return draft(place, element, unknown(`field:${place.field}`, "malformed"));
  const type = word(change["type"]);
  const sender = soleParticipant(change);
  return {
    ...draft(place, element, {
      content: { kind: "note", event: "group_changed", ...(type !== undefined && { text: type }) },
      ...(place.hold && { hold: place.hold }),
    }),
    ...(sender && { sender }),
    conversation: `${place.number}:${group}`,
  };
}

function soleParticipant(change: Members) {
  const [only, ...more] = PARTICIPANTS.flatMap((name) => list(change[name]) ?? []).map(members);
  return only && more.length === 0 ? person({}, only, "from") : undefined;
}
