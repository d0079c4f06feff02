/**
 * What makes PostgreSQL plan as where a million messages are stored. Filling tables with a million rows would take minutes,
 * so a few thousand are stored and the catalogue is told of a million: the planner believes pages and rows as recorded,
 * but scales them by the real size of the file, so the recorded density is what is raised.
 */
const STORED = 5_000;
const DENSITY = 200;

/** Filled messages of one epoch in so many channels, with their contacts and patients. */
export function fill(into: number, channels: number): string[] {
  const row = `SELECT i, md5('m' || i)::uuid AS id, 'c' || i % ${channels} AS channel, decode(md5('p' || i / 50), 'hex') AS bi,
    now() AS at FROM generate_series(1, ${STORED}) AS i`;
  return [
    "TRUNCATE message, delivery, event, seen, contact, number_left, patient, patient_phone CASCADE",
    `INSERT INTO message (epoch, id, seq, channel, kind, event_id, lane_key, external_bi, contact_bi, patient_bi, state,
       received_at, state_at, filed_at, history, sealed, external_id, routed)
     SELECT ${into}, id, i, channel, 'text', id, bi, decode(md5('e' || i), 'hex'), bi, bi, 'filed', at, at, at, '[]', bi, bi, bi
     FROM (${row}) AS row`,
    `INSERT INTO delivery (epoch, message_id, destination, channel, lane_key, seq, state, queued_at)
     SELECT ${into}, id, 'archive', channel, bi, i, 'accepted', at FROM (${row}) AS row`,
    `INSERT INTO event (epoch, id, channel, received_at, raw) SELECT ${into}, id, channel, at, bi FROM (${row}) AS row`,
    `INSERT INTO seen (hash, message_id, first_seen) SELECT md5('s' || i)::uuid, id, at FROM (${row}) AS row`,
    `INSERT INTO contact (id, channel, phone_bi, user_bi, since, disputed, seen_on, sealed)
     SELECT id, channel, decode(md5('n' || i), 'hex'), decode(md5('u' || i), 'hex'), at, false, at, bi FROM (${row}) AS row`,
    `INSERT INTO number_left (phone_bi, left_at) SELECT decode(md5('n' || i), 'hex'), at FROM (${row}) AS row`,
    `INSERT INTO patient (id, root_id, sealed, updated_at) SELECT id, id, bi, at FROM (${row}) AS row`,
    `INSERT INTO patient_phone (bi, patient_id, since) SELECT decode(md5('n' || i), 'hex'), id, at FROM (${row}) AS row`,
    "ANALYZE message, delivery, event, seen, contact, number_left, patient, patient_phone",
  ];
}

/** Tells the catalogue of more. */
export function asIfMore(epoch: number): string[] {
  const partitions = ["message", "delivery", "event"].map((table) => `'${table}_${epoch}'`);
  return [
    `UPDATE pg_class SET reltuples = reltuples * ${DENSITY}
     WHERE relname IN (${partitions.join()}, 'message', 'delivery', 'event', 'seen', 'contact', 'number_left', 'patient', 'patient_phone')`,
  ];
}
