import type { MigrationInterface, QueryRunner } from "typeorm";

/** Contacts that are followed through changes of number and user id, and the numbers somebody has left. */
export class Contacts1764000100000 implements MigrationInterface {
  readonly name = "Contacts1764000100000";

  async up(db: QueryRunner): Promise<void> {
    for (const statement of UP) await db.query(statement);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE "number_left"`);
    await db.query(`DROP TABLE "contact"`);
  }
}

const UP = [
  `CREATE TABLE "contact" (
    "id" uuid NOT NULL, "channel" text NOT NULL, "phone_bi" bytea, "user_bi" bytea, "since" timestamptz NOT NULL,
    "disputed" boolean NOT NULL, "key_changed_at" timestamptz, "seen_on" date NOT NULL, "sealed" bytea NOT NULL,
    CONSTRAINT "contact_pk" PRIMARY KEY ("id"))`,
  `CREATE UNIQUE INDEX "contact_by_phone" ON "contact" ("channel", "phone_bi")`,
  `CREATE UNIQUE INDEX "contact_by_user" ON "contact" ("channel", "user_bi")`,
  `CREATE INDEX "contact_by_day" ON "contact" ("channel", "seen_on")`,
  `CREATE TABLE "number_left" (
    "phone_bi" bytea NOT NULL, "left_at" timestamptz NOT NULL,
    CONSTRAINT "number_left_pk" PRIMARY KEY ("phone_bi"))`,
];
