import type { Contact } from "#src/message/contact.ts";
import { shownName } from "#src/message/file-name.ts";
import type { Words } from "./words.ts";

/** Who wrote: number or user id, and the name they chose, in quotes, because nobody checked it. "" where neither is known. */
export function contactLine(contact: Contact | undefined, words: Pick<Words, "quoted">): string {
  const number = contact?.phone === undefined ? contact?.userId : `+${contact.phone}`;
  const name = shownName(contact?.displayName);
  return [number, name === undefined ? undefined : words.quoted(name)].filter((part) => part !== undefined).join(" ");
}
