import type { MigrationInterface, QueryRunner } from "typeorm";

/** Attachments that could not be fetched when their message came, until the chart has been told what became of them. */
export class AttachmentWaits1764400000000 implements MigrationInterface {
  readonly name = "AttachmentWaits1764400000000";

  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE "attachment_wait" (
      "attachment_id" uuid NOT NULL, "message_id" uuid NOT NULL, "channel" text NOT NULL, "state" text NOT NULL,
      "since" timestamptz NOT NULL, "attempts" integer NOT NULL DEFAULT 0, "taken" integer NOT NULL DEFAULT 0,
      "due_at" timestamptz, "last_error" text, CONSTRAINT "attachment_wait_pk" PRIMARY KEY ("attachment_id"))`);
    await db.query(`CREATE INDEX "attachment_wait_by_message" ON "attachment_wait" ("message_id")`);
    await db.query(`CREATE INDEX "attachment_wait_due" ON "attachment_wait" ("due_at") WHERE "due_at" IS NOT NULL`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE "attachment_wait"`);
  }
}
