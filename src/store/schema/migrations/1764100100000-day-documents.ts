import type { MigrationInterface, QueryRunner } from "typeorm";

/** The day of a message whose destination gets one document for a whole day of the conversation. */
export class DayDocuments1764100100000 implements MigrationInterface {
  readonly name = "DayDocuments1764100100000";

  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE "message" ADD COLUMN "day" date`);
    await db.query(
      `CREATE INDEX "message_of_day" ON "message" ("channel", "lane_key", "day", "seq") WHERE "day" IS NOT NULL`,
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX "message_of_day"`);
    await db.query(`ALTER TABLE "message" DROP COLUMN "day"`);
  }
}
