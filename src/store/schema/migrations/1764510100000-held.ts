import type { MigrationInterface, QueryRunner } from "typeorm";

/** What is held of a conversation is found by the conversation. */
export class Held1764510100000 implements MigrationInterface {
  readonly name = "Held1764510100000";

  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE INDEX "message_held" ON "message" ("channel", "lane_key", "seq") WHERE "state" = 'held'`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX "message_held"`);
  }
}
