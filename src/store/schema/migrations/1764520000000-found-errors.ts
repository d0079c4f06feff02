import type { MigrationInterface, QueryRunner } from "typeorm";

/** What failed is found by an index of its own, which costs nothing while nothing fails. */
export class FoundErrors1764520000000 implements MigrationInterface {
  readonly name = "FoundErrors1764520000000";

  async up(db: QueryRunner): Promise<void> {
    for (const table of ["message", "delivery"]) {
      await db.query(`CREATE INDEX "${table}_with_error" ON "${table}" ("seq") WHERE "last_error" IS NOT NULL`);
    }
  }

  async down(db: QueryRunner): Promise<void> {
    for (const table of ["message", "delivery"]) await db.query(`DROP INDEX "${table}_with_error"`);
  }
}
