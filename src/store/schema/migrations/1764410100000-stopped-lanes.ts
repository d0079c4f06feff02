import type { MigrationInterface, QueryRunner } from "typeorm";

/** Since when the message at the head of a lane has been tried in vain: how long it stops its conversation. */
export class StoppedLanes1764410100000 implements MigrationInterface {
  readonly name = "StoppedLanes1764410100000";

  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE "lane" ADD "stopped_at" timestamptz`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE "lane" DROP COLUMN "stopped_at"`);
  }
}
