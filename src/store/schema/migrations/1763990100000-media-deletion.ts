import type { MigrationInterface, QueryRunner } from "typeorm";

/** Copies of attachments at the provider, to be deleted there once their message is filed. */
export class MediaDeletion1763990100000 implements MigrationInterface {
  readonly name = "MediaDeletion1763990100000";

  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE "media_deletion" (
      "attachment_id" uuid NOT NULL, "message_id" uuid NOT NULL, "channel" text NOT NULL, "sealed" bytea NOT NULL,
      "noted_at" timestamptz NOT NULL, "due_at" timestamptz, "attempts" integer NOT NULL DEFAULT 0,
      CONSTRAINT "media_deletion_pk" PRIMARY KEY ("attachment_id"))`);
    await db.query(`CREATE INDEX "media_deletion_by_message" ON "media_deletion" ("message_id")`);
    await db.query(`CREATE INDEX "media_deletion_due" ON "media_deletion" ("due_at") WHERE "due_at" IS NOT NULL`);
    await db.query(`CREATE INDEX "media_deletion_noted" ON "media_deletion" ("noted_at")`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE "media_deletion"`);
  }
}
