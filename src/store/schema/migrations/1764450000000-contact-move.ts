import type { MigrationInterface, QueryRunner } from "typeorm";

/** Which number or user id somebody had before, and what the provider says came in its place: keyed hashes. */
export class ContactMove1764450000000 implements MigrationInterface {
  readonly name = "ContactMove1764450000000";

  async up(db: QueryRunner): Promise<void> {
    for (const statement of UP) await db.query(statement);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE "contact_move"`);
  }
}

const UP = [
  `CREATE TABLE "contact_move" (
    "from_bi" bytea NOT NULL, "to_bi" bytea NOT NULL, "at" timestamptz NOT NULL, "heard_at" timestamptz NOT NULL,
    CONSTRAINT "contact_move_pk" PRIMARY KEY ("from_bi"))`,
  `CREATE INDEX "contact_move_by_to" ON "contact_move" ("to_bi")`,
];
