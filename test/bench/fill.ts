import { openFoundation } from "#src/engine/foundation.ts";
import { readSettings } from "#src/engine/settings.ts";
import type { Arena } from "./arena.ts";

/** A patient of the filling with a few messages, to be looked for. */
export const FILLED_PATIENT = 42;

/** The channel whose contacts are many: the one that is written to afterwards. */
export const CONTACTS_CHANNEL = "text-to-mdm";

const PER_PATIENT = 50;
/** What a retention of thirty days leaves. */
const EPOCHS = 30;
const EPOCH_SECONDS = 86_400;

/**
 * Puts filed messages into the epochs of the last thirty days as the pipeline would have left them: event, message,
 * delivery, seen, and the contacts they came from. Sealed columns hold random bytes of a text's usual size. What
 * PostgreSQL would do about so much at once in the following minutes (statistics, visibility, writing pages out) it does
 * right here, so that it is not measured.
 */
export async function fill(arena: Arena, messages: number, channels: readonly string[]): Promise<void> {
  const foundation = await openFoundation(readSettings(arena.env), () => undefined);
  const epoch = await foundation.epochs.current(Date.now());
  for (let ago = EPOCHS - 1; ago >= 0; ago -= 1) await foundation.epochs.ensure(epoch - ago * EPOCH_SECONDS);
  // The engine refuses a filled database beside a keyring without the key of its seen-list.
  foundation.keyring.named("seen");
  await foundation.close();
  const values = [epoch, messages, channels];
  for (const statement of FILL) await arena.database.rows(statement, values);
  // Tables by name: an ANALYZE of what is empty would tell the planner that reading all of it costs nothing.
  await arena.database.rows("VACUUM (ANALYZE) event, message, delivery, seen, contact");
  await arena.database.rows("CHECKPOINT");
}

const SERIES = `generate_series(1, $2::int) AS i, LATERAL (SELECT
  $1::bigint - ${EPOCH_SECONDS} * ((($2::bigint - i) * ${EPOCHS}) / $2::bigint) AS epoch, md5('m' || i)::uuid AS id,
  ($3::text[])[1 + i % cardinality($3::text[])] AS channel,
  decode(md5('lane' || i / ${PER_PATIENT}), 'hex') AS lane, decode(md5('bi' || i / ${PER_PATIENT}), 'hex') AS person,
  now() - make_interval(secs => ($2::bigint - i) * ${EPOCHS * EPOCH_SECONDS}::float8 / $2) AS at,
  decode(repeat(md5('x' || i), 24), 'hex') AS sealed) AS row`;

const FILL = [
  `INSERT INTO message (epoch, id, seq, channel, kind, event_id, lane_key, external_bi, contact_bi, patient_bi, state,
     received_at, state_at, attempts, filed_at, retain_until, history, sealed, external_id, routed)
   SELECT epoch, id, nextval('message_seq'), channel, 'text', id, lane, decode(md5('ext' || i), 'hex'), person, person, 'filed',
     at, at, 1, at, now() + interval '1 day', '[{"state":"received"},{"state":"routed"},{"state":"filed"}]', sealed,
     substr(sealed, 1, 90), sealed FROM ${SERIES}`,
  `INSERT INTO event (epoch, id, channel, received_at, raw)
   SELECT epoch, id, channel, at, sealed || sealed FROM ${SERIES}`,
  `INSERT INTO delivery (epoch, message_id, destination, channel, lane_key, seq, state, attempts, mapping_version,
     sent_sha256, queued_at, accepted_at, receipt)
   SELECT epoch, id, 'archive', channel, lane, i, 'accepted', 1, '1', md5(id::text) || md5(id::text), at, at,
     substr(sealed, 1, 200) FROM ${SERIES}`,
  `INSERT INTO seen (hash, message_id, first_seen)
   SELECT md5('a' || i)::uuid, id, at FROM ${SERIES}`,
  `INSERT INTO contact (id, channel, phone_bi, user_bi, since, disputed, seen_on, sealed)
   SELECT id, '${CONTACTS_CHANNEL}', person, decode(md5('user' || i), 'hex'), at, false, at, substr(sealed, 1, 200)
   FROM ${SERIES} WHERE i % ${PER_PATIENT} = 0`,
];

/** The keyed hashes of the filling, as the statements above make them. */
export function filledHash(of: "ext" | "bi", index: number): string {
  return `decode(md5('${of}${index}'), 'hex')`;
}
