import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * The keys of messages and deliveries begin with the message's id, so that they answer for it alone too: two indexes
 * over random keys fewer, and each of a message's states writes every index of its row.
 */
export class KeysByMessage1764200000000 implements MigrationInterface {
  readonly name = "KeysByMessage1764200000000";

  async up(db: QueryRunner): Promise<void> {
    for (const statement of UP) await db.query(statement);
  }

  async down(db: QueryRunner): Promise<void> {
    for (const statement of DOWN) await db.query(statement);
  }
}

const UP = [
  `DROP INDEX "message_id"`,
  `ALTER TABLE "message" DROP CONSTRAINT "message_pk"`,
  `ALTER TABLE "message" ADD CONSTRAINT "message_pk" PRIMARY KEY ("id", "epoch")`,
  `DROP INDEX "delivery_by_message"`,
  `ALTER TABLE "delivery" DROP CONSTRAINT "delivery_pk"`,
  `ALTER TABLE "delivery" ADD CONSTRAINT "delivery_pk" PRIMARY KEY ("message_id", "destination", "purpose", "epoch")`,
];

const DOWN = [
  `ALTER TABLE "delivery" DROP CONSTRAINT "delivery_pk"`,
  `ALTER TABLE "delivery" ADD CONSTRAINT "delivery_pk" PRIMARY KEY ("epoch", "message_id", "destination", "purpose")`,
  `CREATE INDEX "delivery_by_message" ON "delivery" ("message_id")`,
  `ALTER TABLE "message" DROP CONSTRAINT "message_pk"`,
  `ALTER TABLE "message" ADD CONSTRAINT "message_pk" PRIMARY KEY ("epoch", "id")`,
  `CREATE INDEX "message_id" ON "message" ("id")`,
];
