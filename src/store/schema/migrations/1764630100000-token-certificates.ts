import type { MigrationInterface, QueryRunner } from "typeorm";

/** Client certificates that stand for a token. */
export class TokenCertificates1764630100000 implements MigrationInterface {
  readonly name = "TokenCertificates1764630100000";

  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE "access_token" ADD COLUMN "certificate" bytea`);
    await db.query(
      `CREATE UNIQUE INDEX "access_token_by_certificate" ON "access_token" ("certificate") WHERE "revoked_at" IS NULL`,
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX "access_token_by_certificate"`);
    await db.query(`ALTER TABLE "access_token" DROP COLUMN "certificate"`);
  }
}
