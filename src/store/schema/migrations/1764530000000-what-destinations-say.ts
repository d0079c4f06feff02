import type { MigrationInterface, QueryRunner } from "typeorm";

/** A destination's own words about what it did not take, sealed under the message's epoch. */
export class WhatDestinationsSay1764530000000 implements MigrationInterface {
  readonly name = "WhatDestinationsSay1764530000000";

  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE "delivery" ADD COLUMN "said" bytea`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE "delivery" DROP COLUMN "said"`);
  }
}
