import type { MigrationInterface, QueryRunner } from "typeorm";

/** How often a challenge was answered wrongly since a link was made by a code. */
export class LinkTries1764510200000 implements MigrationInterface {
  readonly name = "LinkTries1764510200000";

  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE "patient_link" ADD COLUMN "tries" integer NOT NULL DEFAULT 0`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE "patient_link" DROP COLUMN "tries"`);
  }
}
