import type { Contact } from "#src/message/contact.ts";
import { counterpart } from "#src/message/message.ts";
import { place } from "#src/store/sealed/message.ts";
import type { HeldMessage } from "#src/store/sql/clearing-held.ts";
import { openAt } from "#src/store/sealed/place.ts";
import type { ClearingDeps } from "./deps.ts";

/** Who wrote what is held, with the number they are known to have; undefined where the messages show nobody. */
export async function authorOf(
  deps: Pick<ClearingDeps, "sealer" | "contacts">,
  channel: string,
  held: readonly HeldMessage[],
): Promise<Contact | undefined> {
  const last = held.at(-1);
  if (!last) return undefined;
  const body = openAt(deps.sealer, place.message(last.epoch, last.id, "sealed"), last.sealed);
  const { contact } = await deps.contacts.identifiable(channel, counterpart(body), body.sentAt);
  return contact;
}
