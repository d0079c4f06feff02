import type { MigrationInterface, QueryRunner } from "typeorm";

/** Accounts for the night of the outage, and leave to read one message. */
export class BreakGlass1764460100000 implements MigrationInterface {
  readonly name = "BreakGlass1764460100000";

  async up(db: QueryRunner): Promise<void> {
    for (const statement of UP) await db.query(statement);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX "journal_by_time"`);
    await db.query(`DROP TABLE "content_grant"`);
    await db.query(`DROP TABLE "break_glass"`);
  }
}

const UP = [
  `CREATE TABLE "break_glass" (
    "name" text NOT NULL, "roles" jsonb NOT NULL, "opened_at" timestamptz NOT NULL, "opened_by" text NOT NULL,
    "ends_at" timestamptz NOT NULL, "used_step" bigint NOT NULL DEFAULT 0, "sealed" bytea NOT NULL,
    CONSTRAINT "break_glass_pk" PRIMARY KEY ("name"))`,
  `CREATE TABLE "content_grant" (
    "id" uuid NOT NULL, "message_id" uuid NOT NULL, "channel" text NOT NULL, "reason" text NOT NULL,
    "asked_by" text NOT NULL, "asked_at" timestamptz NOT NULL, "granted_by" text, "ends_at" timestamptz NOT NULL,
    CONSTRAINT "content_grant_pk" PRIMARY KEY ("id"))`,
  `CREATE INDEX "content_grant_by_message" ON "content_grant" ("message_id", "asked_by")`,
  `CREATE INDEX "journal_by_time" ON "journal" ("at")`,
];
