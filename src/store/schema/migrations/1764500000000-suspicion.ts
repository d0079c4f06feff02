import type { MigrationInterface, QueryRunner } from "typeorm";

/** What an engine held when it died is suspect of having killed it: it is examined alone, and set aside if that ends so again. */
export class Suspicion1764500000000 implements MigrationInterface {
  readonly name = "Suspicion1764500000000";

  async up(db: QueryRunner): Promise<void> {
    await db.query(
      `ALTER TABLE "lane" ADD "suspicion" integer NOT NULL DEFAULT 0, ADD "suspects" integer NOT NULL DEFAULT 0`,
    );
    await db.query(`ALTER TABLE "delivery" ADD "suspicion" integer NOT NULL DEFAULT 0`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE "delivery" DROP COLUMN "suspicion"`);
    await db.query(`ALTER TABLE "lane" DROP COLUMN "suspects", DROP COLUMN "suspicion"`);
  }
}
