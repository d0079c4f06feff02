import { event, type EventEntry } from "./entry.ts";

/** Messages, lanes, deliveries and retention. */
export const WORK_EVENTS = {
  "poll.failed": event(
    ["warn"],
    "Work could not be looked for in the store; it is looked for again.",
    "Check PostgreSQL if it repeats.",
  ),
  "lane.turn_failed": event(
    ["warn"],
    "A turn of a lane ended by an unforeseen failure; the lane is taken up again.",
    "Report it if it repeats.",
  ),
  "lane.reopened": event(
    ["error"],
    "Work that no lane held was found and goes on (I1).",
    "Report it: it should never happen.",
  ),
  "lane.look_failed": event(
    ["warn"],
    "The look for lost work failed; it is repeated every minute.",
    "Check PostgreSQL if it repeats.",
  ),
  "directory.many_numbers": event(
    ["warn"],
    "One message took or moved more phone numbers than a person has.",
    "Look at it in the KIS: does its sender empty PID-13, or merge what should not be?",
  ),
  "directory.forgotten": event(["info"], "What was left of deleted patients is forgotten."),
  "directory.resealed": event(
    ["info"],
    "Every patient and case is under the newest key; the former ones are destroyed.",
  ),
  "directory.numbers_waiting": event(
    ["warn"],
    "Numbers stored by an older version cannot be completed yet; until they are, nobody is found by them.",
    "Check PostgreSQL if it repeats.",
  ),
  "delivery.failing": event(
    ["warn"],
    "An attempt to deliver a message failed; it is repeated, and told of again when that is over.",
    "Read the error code.",
  ),
  "delivery.reduced": event(
    ["warn"],
    "A message could not go to a destination as it is; its attachments go smaller, otherwise, or as a line that says so.",
    "too_large: ask the KIS team to take larger requests; undrawable: look at the picture. Resend it there once that is mended.",
  ),
  "delivery.goes_on": event(["info"], "A message that could not be delivered was taken."),
  "delivery.failed": event(
    ["error"],
    "A destination did not take a message, for good; the conversation goes on without it.",
    "Read the error code, then reprocess or skip it.",
  ),
  "lane.unparked": event(["info"], "A lane that was parked goes on."),
  "prepare.goes_on": event(["info"], "A message that could not be prepared goes on."),
  "prepare.retry": event(
    ["warn"],
    "A message cannot be prepared yet; its lane waits and tries again.",
    "Read the error code.",
  ),
  "message.set_aside": event(
    ["error"],
    "What had killed or frozen the engine twice, or fails each time for what is in it, was set aside; what comes after it goes on.",
    "See its code in the error reference.",
  ),
  "attachment.late": event(
    ["warn"],
    "An attachment could not be fetched for as long as its channel is patient; its message went on with a placeholder.",
    "Read the error code; it is fetched in the background until its id expires, and filed as an addendum.",
  ),
  "attachment.arrived": event(["info"], "A late attachment came and is filed as an addendum to its message."),
  "attachment.missing": event(
    ["warn"],
    "A late attachment never came before its id expired; the placeholder is final, and the charts are told.",
    "Ask the sender to send it again.",
  ),
  "attachment.refused": event(
    ["warn"],
    "A late attachment came and was refused by a check; its message is filed without it.",
    "Release it, or make the placeholder final; until then its message is not purged.",
  ),
  "attachment.retry": event(
    ["warn"],
    "A late attachment cannot be fetched yet; it is asked for again.",
    "Read the error code.",
  ),
  "attachment.follow_failed": event(
    ["warn"],
    "A round of following late attachments failed; it is repeated.",
    "Check PostgreSQL if it repeats.",
  ),
  "clearing.escalated": event(
    ["warn"],
    "A clearing task was not decided by when somebody else is to be told.",
    "Decide it: `botenstoff clearing show`.",
  ),
  "clearing.failed": event(
    ["warn"],
    "A round of keeping the clearing tasks failed; it is repeated.",
    "Check PostgreSQL if it repeats.",
  ),
  "confirm.failed": event(
    ["warn"],
    "A delivery could not be read back yet; it is read again.",
    "Read the error code; check the destination.",
  ),
  "media.deletion_failed": event(
    ["warn"],
    "An attachment could not be deleted at the provider yet; it is tried again.",
    "Read the error code.",
  ),
  "media.deletion_expired": event(
    ["warn"],
    "Attachments were not deleted at the provider before it deletes them itself.",
    "Check the access token and the way to the provider.",
  ),
  "destination.down": event(
    ["error"],
    "A destination does not answer; what goes there waits.",
    "Read the error code; everything goes on by itself when it answers.",
  ),
  "destination.up": event(["info"], "A destination answers again; what waited goes on."),
  "lookup.down": event(
    ["error"],
    "A channel's look-up of patients does not answer; its messages wait, and are held when that lasts too long.",
    "Read the error code; everything goes on by itself when it answers.",
  ),
  "lookup.up": event(["info"], "A channel's look-up of patients answers again."),
  "lookup.let_in": event(["info"], "Messages that were held because a look-up did not answer are decided again."),
  "lookup.look_failed": event(
    ["warn"],
    "The look for messages that wait for a look-up failed; it is repeated.",
    "Check PostgreSQL if it repeats.",
  ),
  "lane.parked": event(
    ["error"],
    "A destination refused a message for good; its conversation waits there.",
    "Look at the message: correct and reprocess it, or skip it there. After `stops_for` the conversation goes on without it.",
  ),
  "lane.goes_on": event(
    ["warn"],
    "Conversations go on without the messages that had stopped them; those stay failed.",
    "Decide the failed messages.",
  ),
  "delivery.stopped_too_long": event(
    ["error"],
    "A message was tried in vain for longer than `stops_for`; it is failed, its conversation goes on.",
    "See STOPPED_TOO_LONG in the error reference.",
  ),
  "message.seal_broken": event(["error"], "A stored message does not open.", "See SEAL_BROKEN in the error reference."),
  "messages.restricted": event(
    ["error"],
    "Messages outlived their limit undecided; they are kept from view.",
    "Decide them: they are listed as held.",
  ),
  "contacts.forgotten": event(["info"], "Contacts that were not seen for their longest time were erased."),
  "epoch.purged": event(["info"], "An epoch was destroyed: rows, blobs and key."),
  "epoch.not_purged": event(
    ["warn", "error"],
    "An epoch that is due could not be destroyed.",
    "Read the error code; it is tried again by itself.",
  ),
  "retention.failed": event(["warn"], "A round of retention failed; it is repeated.", "Read the error code."),
  "retention.behind": event(
    ["error"],
    "Retention waits because the clocks disagree.",
    "Check time synchronisation on all hosts.",
  ),
  "retention.late": event(
    ["warn"],
    "A round of retention takes longer than its interval.",
    "Check the load on PostgreSQL and the disk.",
  ),
  "operator.event": event(
    ["info", "warn", "error"],
    "A provider told operators something.",
    "Read the notice: `GET /api/v1/notices/<id>`.",
  ),
} as const satisfies Record<string, EventEntry>;
