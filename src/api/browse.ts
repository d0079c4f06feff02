import { listMessages, type Found, type MessageFilter } from "#src/store/sql/list-messages.ts";
import { impersonal } from "./content-right.ts";
import { encodeCursor } from "./cursor.ts";
import { filterOf, type MessageQuery } from "./message-schema.ts";
import { showListed } from "./message-view.ts";
import type { RouteContext } from "./route.ts";

/** Whose messages are meant, by keyed hashes; absent members mean anybody's. */
export type Meant = Pick<MessageFilter, "patientBis" | "contactBi">;

/** Messages as they lie in the store, newest first. */
export type Reading = (limit: number) => Promise<Found>;

/** A page of the messages that match, newest first. @param reading finds at most so many; by default what the query says */
export async function browse(context: RouteContext, query: MessageQuery, reading: Reading = read(context, query)) {
  const { deps, principal } = context;
  const { limit, external_id: externalId } = query;
  // One more than asked for tells whether there is another page.
  const { rows, searchedTo } = await reading(limit + 1);
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1)?.seq : undefined;
  const items = await Promise.all(page.map((row) => showListed(deps, row)));
  const told = items.map((item) =>
    externalId !== undefined && item.state === "purged" ? { ...item, external_id: externalId } : item,
  );
  const next = last ?? searchedTo;
  return { items: told.map((item) => impersonal(principal, item)), next: next === null ? null : encodeCursor(next) };
}

/** Finds what a query says. @param before instead of the query's own place */
export function read(
  { deps, channels: mine }: Pick<RouteContext, "deps" | "channels">,
  query: MessageQuery,
  meant: Meant = {},
  before: number | undefined = query.after,
): Reading {
  return async (limit) => {
    const { external_id: externalId, after: _after, limit: _limit, ...rest } = query;
    const filter = { ...filterOf(rest), ...meant, before, limit };
    if (externalId === undefined) return listMessages(deps.store, { ...filter, channels: mine });
    // The keyed hash covers the channel, so every channel that may have received the id is asked.
    const channels = (query.channel === undefined ? deps.channels().map(({ id }) => id) : [query.channel]).filter(
      (id) => mine?.includes(id) ?? true,
    );
    const found = await Promise.all(
      channels.map((id) => {
        const externalBi = deps.blindIndex.of("external-id", id, externalId);
        return listMessages(deps.store, { ...filter, channel: id, externalBi });
      }),
    );
    const rows = found.flatMap((one) => one.rows).sort((a, b) => b.seq - a.seq);
    return { rows: rows.slice(0, limit), searchedTo: null };
  };
}
