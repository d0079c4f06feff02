import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Notices, partitioned by epoch like what people said, and the last known status of every sent message, which outlives
 * them so that it never goes back. Epochs that are open already get their partition here.
 */
export class Notices1763930000000 implements MigrationInterface {
  readonly name = "Notices1763930000000";

  async up(db: QueryRunner): Promise<void> {
    for (const statement of UP) await db.query(statement);
  }

  async down(db: QueryRunner): Promise<void> {
    for (const statement of DOWN) await db.query(statement);
  }
}

const UP = [
  `CREATE SEQUENCE "notice_seq"`,
  `CREATE TABLE "notice" (
    "epoch" bigint NOT NULL, "id" uuid NOT NULL, "seq" bigint NOT NULL, "event_id" uuid NOT NULL,
    "channel" text NOT NULL, "kind" text NOT NULL, "field" text NOT NULL, "event" text NOT NULL, "codes" jsonb NOT NULL,
    "level" text NOT NULL, "about" uuid, "received_at" timestamptz NOT NULL, "happened_at" timestamptz NOT NULL,
    "retain_until" timestamptz NOT NULL, "sealed" bytea NOT NULL,
    CONSTRAINT "notice_pk" PRIMARY KEY ("epoch", "id")) PARTITION BY LIST ("epoch")`,
  `CREATE INDEX "notice_newest" ON "notice" ("seq")`,
  `CREATE INDEX "notice_by_retention" ON "notice" ("retain_until")`,
  `DO $$ DECLARE open bigint; BEGIN
    FOR open IN SELECT "id" FROM "epoch" WHERE "state" = 'open' LOOP
      EXECUTE format('CREATE TABLE %I PARTITION OF "notice" (CHECK (epoch = %s)) FOR VALUES IN (%s)', 'notice_' || open, open, open);
    END LOOP; END $$`,

  `CREATE TABLE "outbound_status" (
    "external_bi" bytea NOT NULL, "participant_bi" bytea NOT NULL, "id" uuid NOT NULL, "channel" text NOT NULL,
    "state" text NOT NULL, "rank" integer NOT NULL, "reached_at" timestamptz NOT NULL, "codes" jsonb NOT NULL,
    "updated_at" timestamptz NOT NULL,
    CONSTRAINT "outbound_status_pk" PRIMARY KEY ("external_bi", "participant_bi"))`,
  `CREATE INDEX "outbound_status_by_id" ON "outbound_status" ("id")`,
  `CREATE INDEX "outbound_status_newest" ON "outbound_status" ("updated_at", "id")`,
];

const DOWN = [`DROP TABLE "outbound_status"`, `DROP TABLE "notice"`, `DROP SEQUENCE "notice_seq"`];
