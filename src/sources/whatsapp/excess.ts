import { each, list, members } from "./member.ts";
import type { Members } from "./member.ts";

/** Meta batches up to 1,000; a history chunk of 3 MB holds some 10,000 messages. */
const MOST_ELEMENTS = 15_000;
/** What may be written of the surroundings of all elements together: each keeps its own copy, to be readable alone. */
const MOST_COPIED = 16 * 1024 * 1024;

/**
 * Whether cutting a body apart would cost many times what the body itself does: because it has more elements than any, or
 * because what surrounds them is copied to each of them. Such a body waits in one piece.
 */
export function isExcessive(body: Members): boolean {
  let elements = 0;
  let copied = 0;
  for (const entry of each(body["entry"])) {
    for (const change of each(members(entry)?.["changes"])) {
      const value = members(members(change)?.["value"]) ?? {};
      const count = elementsOf(value);
      elements += count;
      // A few copies of anything are cheap, and nearly every body has one element.
      if (count > 4) copied += count * surroundings(value);
    }
    elements += 1;
  }
  return elements > MOST_ELEMENTS || copied > MOST_COPIED;
}

function elementsOf(value: Members): number {
  const threads = each(value["history"]).flatMap((chunk) => each(members(chunk)?.["threads"]));
  return (
    threads.reduce<number>((sum, thread) => sum + each(members(thread)?.["messages"]).length, threads.length) +
    Object.values(value).reduce<number>((sum, member) => sum + (list(member)?.length ?? 1), 0)
  );
}

/** The most that stands beside an element: the metadata of its change, and its contact or thread. */
function surroundings(value: Members): number {
  const threads = each(value["history"]).flatMap((chunk) => each(members(chunk)?.["threads"]));
  const beside = [...each(value["contacts"]), ...threads.map((thread) => members(thread)?.["context"])];
  return size(value["metadata"]) + beside.reduce<number>((most, one) => Math.max(most, size(one)), 0);
}

function size(value: unknown): number {
  return value === undefined ? 0 : JSON.stringify(value).length;
}
