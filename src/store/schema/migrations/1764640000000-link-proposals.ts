import type { MigrationInterface, QueryRunner } from "typeorm";

/** What somebody says of a link that another person has to confirm. */
export class LinkProposals1764640000000 implements MigrationInterface {
  readonly name = "LinkProposals1764640000000";

  async up(db: QueryRunner): Promise<void> {
    await db.query(
      `ALTER TABLE "patient_link" ADD COLUMN "proposal" jsonb, ADD COLUMN "proposed_at" timestamp with time zone,
         ADD COLUMN "proposed_by" text, ADD COLUMN "proposer_bi" bytea`,
    );
    await db.query(
      `CREATE INDEX "patient_link_proposed" ON "patient_link" ("proposed_at") WHERE "proposed_at" IS NOT NULL`,
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(
      `ALTER TABLE "patient_link" DROP COLUMN "proposal", DROP COLUMN "proposed_at", DROP COLUMN "proposed_by",
         DROP COLUMN "proposer_bi"`,
    );
  }
}
