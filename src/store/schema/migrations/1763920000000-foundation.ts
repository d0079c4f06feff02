import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * The first schema. Columns of type bytea hold sealed bytes or keyed hashes; nothing personal is readable here.
 * event, message, attachment and delivery are partitioned by epoch (seconds since 1970 of the epoch's start);
 * partitions are made when an epoch opens and dropped when it is purged.
 */
export class Foundation1763920000000 implements MigrationInterface {
  readonly name = "Foundation1763920000000";

  async up(db: QueryRunner): Promise<void> {
    for (const statement of UP) await db.query(statement);
  }

  async down(db: QueryRunner): Promise<void> {
    for (const statement of DOWN) await db.query(statement);
  }
}

const UP = [
  `CREATE TABLE "epoch" (
    "id" bigint NOT NULL, "ends_at" timestamptz NOT NULL, "state" text NOT NULL DEFAULT 'open', "survivors" integer NOT NULL DEFAULT 0, "purge_id" uuid,
    CONSTRAINT "epoch_pk" PRIMARY KEY ("id"))`,

  `CREATE TABLE "event" (
    "epoch" bigint NOT NULL, "id" uuid NOT NULL, "channel" text NOT NULL, "received_at" timestamptz NOT NULL,
    "raw" bytea NOT NULL,
    CONSTRAINT "event_pk" PRIMARY KEY ("epoch", "id")) PARTITION BY LIST ("epoch")`,

  `CREATE SEQUENCE "message_seq"`,
  `CREATE TABLE "message" (
    "epoch" bigint NOT NULL, "id" uuid NOT NULL, "seq" bigint NOT NULL, "channel" text NOT NULL, "kind" text NOT NULL,
    "event_id" uuid NOT NULL, "lane_key" bytea NOT NULL, "external_bi" bytea NOT NULL, "contact_bi" bytea,
    "patient_bi" bytea, "state" text NOT NULL, "reason" text, "received_at" timestamptz NOT NULL,
    "state_at" timestamptz NOT NULL, "attempts" integer NOT NULL DEFAULT 0, "last_error" text,
    "filed_at" timestamptz, "retain_until" timestamptz, "restricted_at" timestamptz,
    "history" jsonb NOT NULL, "sealed" bytea NOT NULL, "external_id" bytea NOT NULL, "routed" bytea,
    CONSTRAINT "message_pk" PRIMARY KEY ("epoch", "id")) PARTITION BY LIST ("epoch")`,
  `CREATE INDEX "message_id" ON "message" ("id")`,
  `CREATE INDEX "message_newest" ON "message" ("seq")`,
  `CREATE INDEX "message_by_state" ON "message" ("state", "channel", "seq")`,
  `CREATE INDEX "message_by_external_id" ON "message" ("external_bi")`,
  `CREATE INDEX "message_by_contact" ON "message" ("contact_bi") WHERE "contact_bi" IS NOT NULL`,
  `CREATE INDEX "message_by_patient" ON "message" ("patient_bi") WHERE "patient_bi" IS NOT NULL`,
  `CREATE INDEX "message_to_prepare" ON "message" ("channel", "lane_key", "seq") WHERE "state" = 'received'`,

  `CREATE TABLE "attachment" (
    "epoch" bigint NOT NULL, "id" uuid NOT NULL, "message_id" uuid NOT NULL, "ordinal" integer NOT NULL,
    "verdict" text NOT NULL, "bytes" bigint, "sealed" bytea NOT NULL,
    CONSTRAINT "attachment_pk" PRIMARY KEY ("epoch", "id")) PARTITION BY LIST ("epoch")`,
  `CREATE INDEX "attachment_by_message" ON "attachment" ("message_id")`,

  `CREATE TABLE "delivery" (
    "epoch" bigint NOT NULL, "message_id" uuid NOT NULL, "destination" text NOT NULL, "channel" text NOT NULL,
    "lane_key" bytea NOT NULL, "seq" bigint NOT NULL, "state" text NOT NULL, "attempts" integer NOT NULL DEFAULT 0,
    "last_error" text, "mapping_version" text, "sent_sha256" text, "queued_at" timestamptz NOT NULL,
    "accepted_at" timestamptz, "confirmed_at" timestamptz, "confirm_at" timestamptz,
    "receipt" bytea, "confirmation" bytea,
    CONSTRAINT "delivery_pk" PRIMARY KEY ("epoch", "message_id", "destination")) PARTITION BY LIST ("epoch")`,
  `CREATE INDEX "delivery_by_message" ON "delivery" ("message_id")`,
  `CREATE INDEX "delivery_in_lane" ON "delivery" ("channel", "destination", "lane_key", "seq")
    WHERE "state" IN ('queued', 'sending', 'retrying')`,
  `CREATE INDEX "delivery_to_confirm" ON "delivery" ("confirm_at") WHERE "state" = 'accepted'`,

  `CREATE SEQUENCE "lane_token"`,
  `CREATE TABLE "lane" (
    "channel" text NOT NULL, "stage" text NOT NULL, "key" bytea NOT NULL, "open" integer NOT NULL,
    "opened_at" timestamptz NOT NULL, "ready_at" timestamptz NOT NULL, "failures" integer NOT NULL DEFAULT 0,
    "token" bigint NOT NULL, "owner" text, "parked_at" timestamptz, "reason" text,
    CONSTRAINT "lane_pk" PRIMARY KEY ("channel", "stage", "key"))`,
  `CREATE INDEX "lane_ready" ON "lane" ("channel", "stage", "ready_at") WHERE "parked_at" IS NULL`,

  `CREATE TABLE "seen" (
    "hash" bytea NOT NULL, "message_id" uuid NOT NULL, "first_seen" timestamptz NOT NULL,
    CONSTRAINT "seen_pk" PRIMARY KEY ("hash"))`,

  `CREATE TABLE "tombstone" (
    "message_id" uuid NOT NULL, "seq" bigint NOT NULL, "channel" text NOT NULL, "kind" text NOT NULL,
    "external_bi" bytea NOT NULL, "received_at" timestamptz NOT NULL, "filed_at" timestamptz,
    "purged_at" timestamptz NOT NULL, "purge_id" uuid NOT NULL, "history" jsonb NOT NULL, "deliveries" jsonb NOT NULL,
    CONSTRAINT "tombstone_pk" PRIMARY KEY ("message_id"))`,
  `CREATE INDEX "tombstone_by_seq" ON "tombstone" ("seq")`,
  `CREATE INDEX "tombstone_by_external_id" ON "tombstone" ("external_bi")`,

  `CREATE TABLE "patient" (
    "id" uuid NOT NULL, "sealed" bytea NOT NULL, "updated_at" timestamptz NOT NULL,
    CONSTRAINT "patient_pk" PRIMARY KEY ("id"))`,
  `CREATE TABLE "patient_identifier" (
    "bi" bytea NOT NULL, "patient_id" uuid NOT NULL,
    CONSTRAINT "patient_identifier_pk" PRIMARY KEY ("bi"),
    CONSTRAINT "patient_identifier_of" FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE CASCADE)`,
  `CREATE INDEX "patient_identifier_by_patient" ON "patient_identifier" ("patient_id")`,
  `CREATE TABLE "patient_phone" (
    "bi" bytea NOT NULL, "patient_id" uuid NOT NULL, "since" timestamptz NOT NULL,
    CONSTRAINT "patient_phone_pk" PRIMARY KEY ("bi", "patient_id"),
    CONSTRAINT "patient_phone_of" FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE CASCADE)`,
  `CREATE INDEX "patient_phone_by_patient" ON "patient_phone" ("patient_id")`,
  `CREATE TABLE "encounter" (
    "bi" bytea NOT NULL, "patient_id" uuid NOT NULL, "open" boolean NOT NULL, "sealed" bytea NOT NULL,
    "updated_at" timestamptz NOT NULL,
    CONSTRAINT "encounter_pk" PRIMARY KEY ("bi"),
    CONSTRAINT "encounter_of" FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE CASCADE)`,
  `CREATE INDEX "encounter_by_patient" ON "encounter" ("patient_id")`,

  `CREATE TABLE "journal" (
    "seq" bigint NOT NULL, "at" timestamptz NOT NULL, "action" text NOT NULL, "actor" text NOT NULL,
    "subject" text NOT NULL, "detail" jsonb NOT NULL, "salt" bytea NOT NULL, "hash" bytea NOT NULL,
    CONSTRAINT "journal_pk" PRIMARY KEY ("seq"))`,

  `CREATE TABLE "purge" (
    "id" uuid NOT NULL, "epoch" bigint NOT NULL, "at" timestamptz NOT NULL, "destroyed" integer NOT NULL,
    "survivors" integer NOT NULL, "certificate" jsonb NOT NULL, "signature" bytea NOT NULL,
    CONSTRAINT "purge_pk" PRIMARY KEY ("id"))`,
  `CREATE INDEX "purge_by_time" ON "purge" ("at")`,
];

const DOWN = [
  ..."purge journal encounter patient_phone patient_identifier patient tombstone seen lane delivery attachment message event epoch"
    .split(" ")
    .map((table) => `DROP TABLE "${table}"`),
  `DROP SEQUENCE "lane_token"`,
  `DROP SEQUENCE "message_seq"`,
];
