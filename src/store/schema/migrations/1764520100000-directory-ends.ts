import type { MigrationInterface, QueryRunner } from "typeorm";

/** Since when a patient is deleted: what is left of one is forgotten some time later. */
export class DirectoryEnds1764520100000 implements MigrationInterface {
  readonly name = "DirectoryEnds1764520100000";

  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE "patient" ADD "gone_at" timestamptz`);
    await db.query(`CREATE INDEX "patient_gone" ON "patient" ("gone_at") WHERE "gone_at" IS NOT NULL`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX "patient_gone"`);
    await db.query(`ALTER TABLE "patient" DROP COLUMN "gone_at"`);
  }
}
