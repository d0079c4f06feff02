import type { MigrationInterface, QueryRunner } from "typeorm";

/** What a destination accepted can be taken out of its chart again: a delivery of its own, beside the one that filed it. */
export class Withdrawals1764100000000 implements MigrationInterface {
  readonly name = "Withdrawals1764100000000";

  async up(db: QueryRunner): Promise<void> {
    for (const statement of UP) await db.query(statement);
  }

  async down(db: QueryRunner): Promise<void> {
    for (const statement of DOWN) await db.query(statement);
  }
}

const UP = [
  `ALTER TABLE "delivery" ADD "purpose" text NOT NULL DEFAULT 'file'`,
  `ALTER TABLE "delivery" DROP CONSTRAINT "delivery_pk"`,
  `ALTER TABLE "delivery" ADD CONSTRAINT "delivery_pk" PRIMARY KEY ("epoch", "message_id", "destination", "purpose")`,
  `ALTER TABLE "rehoming" ADD "withdrawn_at" timestamptz`,
  `CREATE INDEX "rehoming_by_message" ON "rehoming" ("message_id")`,
];

const DOWN = [
  `DROP INDEX "rehoming_by_message"`,
  `ALTER TABLE "rehoming" DROP COLUMN "withdrawn_at"`,
  `DELETE FROM "delivery" WHERE "purpose" <> 'file'`,
  `ALTER TABLE "delivery" DROP CONSTRAINT "delivery_pk"`,
  `ALTER TABLE "delivery" ADD CONSTRAINT "delivery_pk" PRIMARY KEY ("epoch", "message_id", "destination")`,
  `ALTER TABLE "delivery" DROP COLUMN "purpose"`,
];
