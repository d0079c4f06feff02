import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { kindOfError } from "#src/message/error-code.ts";
import { endBulk, freezeBulk, nextBulkItems, onChannels, settleBulkItem, startBulk } from "#src/store/sql/bulk.ts";
import { listMessages } from "#src/store/sql/list-messages.ts";
import { reprocessMessage } from "#src/decisions/reprocess.ts";
import { filterOf, type messageFilterSchema } from "./message-schema.ts";
import type { RouteContext } from "./route.ts";

/** More than that is not frozen: who means so many narrows the filter, or comes again. */
export const MOST = 100_000;
const PAGE = 1_000;
/** Decided between two looks whether it was stopped. */
const BATCH = 20;

type BulkContext = Pick<RouteContext, "deps" | "principal" | "channels" | "journal">;

/**
 * Freezes what a filter means now, whatever arrives later.
 * @returns its id; undefined when there are more than MOST
 */
export async function freeze(
  context: BulkContext,
  wanted: z.infer<typeof messageFilterSchema>,
): Promise<string | undefined> {
  const { deps, channels } = context;
  const ids: string[] = [];
  let before: number | undefined;
  for (;;) {
    const { rows, searchedTo } = await listMessages(deps.store, { ...filterOf(wanted), channels, before, limit: PAGE });
    ids.push(...rows.map(({ id }) => id));
    if (ids.length > MOST) return undefined;
    before = rows.length === PAGE ? rows.at(-1)?.seq : (searchedTo ?? undefined);
    if (before === undefined) return write(context, ids, wanted);
  }
}

/** Freezes a selection, less what lies on other channels than the caller's. */
export async function freezeIds(context: BulkContext, selected: readonly string[]): Promise<string> {
  return write(context, await onChannels(context.deps.store, selected, context.channels), {});
}

async function write({ deps, principal }: BulkContext, ids: readonly string[], filter: unknown): Promise<string> {
  const id = randomUUID();
  await deps.store.transaction((db) => freezeBulk(db, { id, actor: principal.actor, filter, ids }));
  return id;
}

/** Begins, or goes on with, what was frozen. Asked twice, it runs once. */
export async function begin(context: BulkContext, id: string): Promise<void> {
  const { deps } = context;
  if (!(await startBulk(deps.store, id))) return;
  void run(context, id).catch((error: unknown) => {
    // It stays `running` and shows as interrupted, and can be gone on with.
    deps.log("warn", "bulk.interrupted", { bulk: id, error: kindOfError(error) });
  });
}

async function run(context: BulkContext, id: string): Promise<void> {
  const { deps } = context;
  while (!deps.live.closed.aborted) {
    const done = await batch(context, id);
    if (done === undefined) return;
    if (done === 0) return endBulk(deps.store, id);
  }
}

/** @returns how many were decided; undefined when it was stopped */
async function batch({ deps, journal }: BulkContext, id: string): Promise<number | undefined> {
  const items = await nextBulkItems(deps.store, id, BATCH);
  if (!items) return undefined;
  const channels = new Set<string>();
  for (const item of items) {
    // Each in a transaction of its own: nothing is locked after the journal.
    const again = await deps.store.transaction(async (db) => {
      const outcome = await reprocessMessage(db, item.messageId, new Date(deps.now()));
      await settleBulkItem(db, id, item.ordinal, outcome);
      if (outcome !== "again") return false;
      await journal({ action: "message.reprocessed", subject: item.messageId, detail: { bulk: id } }, db);
      return true;
    });
    if (again && item.channel !== null) channels.add(item.channel);
  }
  for (const channel of channels) deps.wake(channel);
  return items.length;
}
