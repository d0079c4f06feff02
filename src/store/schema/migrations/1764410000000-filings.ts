import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * A message that was withdrawn can be filed again, into another chart: each filing has deliveries of its own. What was
 * withdrawn so far says so, and is kept as long as it was going to be.
 */
export class Filings1764410000000 implements MigrationInterface {
  readonly name = "Filings1764410000000";

  async up(db: QueryRunner): Promise<void> {
    for (const statement of UP) await db.query(statement);
  }

  async down(db: QueryRunner): Promise<void> {
    for (const statement of DOWN) await db.query(statement);
  }
}

const UP = [
  `ALTER TABLE "message" ADD "filing" integer NOT NULL DEFAULT 1`,
  `ALTER TABLE "message" ADD "withdrawal" text`,
  `ALTER TABLE "delivery" ADD "filing" integer NOT NULL DEFAULT 1`,
  `ALTER TABLE "delivery" DROP CONSTRAINT "delivery_pk"`,
  `ALTER TABLE "delivery" ADD CONSTRAINT "delivery_pk"
     PRIMARY KEY ("message_id", "destination", "purpose", "filing", "epoch")`,
  `UPDATE "message" SET state = 'withdrawn', history = history || jsonb_build_object('state', 'withdrawn', 'at', state_at)
     WHERE state = 'filed' AND EXISTS (SELECT FROM delivery WHERE delivery.epoch = message.epoch
       AND delivery.message_id = message.id AND delivery.purpose = 'withdraw')`,
];

const DOWN = [
  `DELETE FROM "delivery" WHERE "filing" > 1`,
  `ALTER TABLE "delivery" DROP CONSTRAINT "delivery_pk"`,
  `ALTER TABLE "delivery" ADD CONSTRAINT "delivery_pk" PRIMARY KEY ("message_id", "destination", "purpose", "epoch")`,
  `ALTER TABLE "delivery" DROP COLUMN "filing"`,
  `UPDATE "delivery" SET state = 'cancelled' WHERE state = 'skipped'`,
  `UPDATE "message" SET state = 'filed' WHERE state = 'withdrawn'`,
  `ALTER TABLE "message" DROP COLUMN "withdrawal"`,
  `ALTER TABLE "message" DROP COLUMN "filing"`,
];
