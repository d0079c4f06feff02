import type { Terms } from "#src/decisions/terms.ts";
import { createEpochs } from "#src/store/epochs.ts";
import type { Store } from "#src/store/data-source.ts";
import type { DeliveryPurpose, DeliveryState, MessageState } from "#src/message/state.ts";

export const ID = "00000000-0000-5000-8000-000000000001";
export const KEY = Buffer.from("conversation");

export type StoredState = Exclude<MessageState, "purged">;

export interface StoredDelivery {
  readonly destination: string;
  readonly purpose?: DeliveryPurpose;
  readonly state: DeliveryState;
  readonly error?: string;
  readonly sent?: boolean;
}

/** Stores one message as it would stand there, with its deliveries and the lanes they would be in. */
export async function storeMessage(
  store: Store,
  message: { readonly id?: string; readonly state: StoredState; readonly reason?: string },
  deliveries: readonly StoredDelivery[] = [],
): Promise<void> {
  await createEpochs(store, 86_400_000).ensure(0);
  const { id = ID, state, reason = null } = message;
  await store.query(
    `INSERT INTO message (epoch, id, seq, event_id, channel, kind, lane_key, external_bi, state, reason, received_at,
       state_at, history, sealed, external_id)
     VALUES (0, $1, 1, $1, 'c', 'text', $2, '', $3, $4, now(), now(), '[]', '', '')`,
    [id, KEY, state, reason],
  );
  for (const { destination, purpose = "file", state: at, error = null, sent = false } of deliveries) {
    const toConfirm = at === "accepted" && error !== null;
    await store.query(
      `INSERT INTO delivery (epoch, message_id, destination, purpose, channel, lane_key, seq, state, queued_at, last_error,
         confirm_at, receipt) VALUES (0, $1, $2, $3, 'c', $4, 1, $5, now(), $6, CASE WHEN $7 THEN now() END,
         CASE WHEN $8 THEN ''::bytea END)`,
      [id, destination, purpose, KEY, at, error, toConfirm, sent || at === "accepted" || at === "confirmed"],
    );
  }
}

/** Of a decision that is made now, in a channel that keeps what is filed for a day. */
export function terms(ackOnly = false): Terms {
  return { now: new Date(), retainFrom: new Date(), policyOf: () => ({ ackOnly, afterFiledMs: 86_400_000 }) };
}
