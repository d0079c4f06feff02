import type { MigrationInterface, QueryRunner } from "typeorm";

/** The index of what is to be prepared gets a condition of its own form, so that no other index can stand in for it. */
export class ToPrepare1764100200000 implements MigrationInterface {
  readonly name = "ToPrepare1764100200000";

  async up(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX "message_to_prepare"`);
    await db.query(
      `CREATE INDEX "message_to_prepare" ON "message" ("channel", "lane_key", "seq") WHERE ("state" || '') = 'received'`,
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX "message_to_prepare"`);
    await db.query(
      `CREATE INDEX "message_to_prepare" ON "message" ("channel", "lane_key", "seq") WHERE "state" = 'received'`,
    );
  }
}
