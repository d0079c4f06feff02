import type { MigrationInterface, QueryRunner } from "typeorm";

/** How far the journal was sent to where the house gathers such lines. */
export class JournalFeed1764630000000 implements MigrationInterface {
  readonly name = "JournalFeed1764630000000";

  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE "journal_feed" (
      "name" text NOT NULL,
      "seq" bigint NOT NULL,
      "owner" text NOT NULL,
      "leased_until" timestamp with time zone NOT NULL,
      CONSTRAINT "journal_feed_pk" PRIMARY KEY ("name")
    )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE "journal_feed"`);
  }
}
