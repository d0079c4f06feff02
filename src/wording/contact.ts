import type { Contact } from "#src/message/contact.ts";
import { shownName } from "#src/message/file-name.ts";
import type { Writer } from "#src/message/link.ts";
import type { Message } from "#src/message/message.ts";
import { told } from "./typed.ts";
import type { Words } from "./words.ts";

/** Who wrote: number or user id, and the name they chose, in quotes, because nobody checked it. "" where neither is known. */
export function contactLine(contact: Contact | undefined, words: Pick<Words, "quoted">): string {
  const number = contact?.phone === undefined ? contact?.userId : `+${contact.phone}`;
  const name = shownName(contact?.displayName);
  return [number, name === undefined ? undefined : words.quoted(name)].filter((part) => part !== undefined).join(" ");
}

/** The same, and what they are to the patient where it is not the patient. */
export function counterpartLine(
  contact: Contact | undefined,
  writer: Writer | undefined,
  words: Pick<Words, "quoted" | "writers">,
): string {
  const name = writer && words.writers[writer].name;
  return [contactLine(contact, words), name].filter((part) => part !== undefined && part !== "").join(", ");
}

/** The line by which nobody takes another's words for the patient's. */
export function writerRemark(
  { recipient }: Pick<Message, "recipient">,
  writer: Writer | undefined,
  words: Pick<Words, "writers">,
): string[] {
  if (writer === undefined) return [];
  const { wrote, reached } = words.writers[writer];
  return [told(recipient ? reached : wrote)];
}
