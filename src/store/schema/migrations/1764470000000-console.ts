import type { MigrationInterface, QueryRunner } from "typeorm";

/** What the console shows and starts: the engines on this database, and decisions about many messages at once. */
export class Console1764470000000 implements MigrationInterface {
  readonly name = "Console1764470000000";

  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE "engine" (
      "owner" text NOT NULL, "started_at" timestamptz NOT NULL, "seen_at" timestamptz NOT NULL,
      "clock_at" timestamptz NOT NULL, "report" jsonb NOT NULL,
      CONSTRAINT "engine_pk" PRIMARY KEY ("owner"))`);
    await db.query(`CREATE TABLE "bulk" (
      "id" uuid NOT NULL, "at" timestamptz NOT NULL, "actor" text NOT NULL, "filter" jsonb NOT NULL,
      "state" text NOT NULL, "total" integer NOT NULL, "seen_at" timestamptz NOT NULL,
      CONSTRAINT "bulk_pk" PRIMARY KEY ("id"))`);
    await db.query(`CREATE TABLE "bulk_item" (
      "bulk_id" uuid NOT NULL, "ordinal" integer NOT NULL, "message_id" uuid NOT NULL, "outcome" text,
      CONSTRAINT "bulk_item_pk" PRIMARY KEY ("bulk_id", "ordinal"),
      CONSTRAINT "bulk_item_of" FOREIGN KEY ("bulk_id") REFERENCES "bulk" ("id") ON DELETE CASCADE)`);
  }

  async down(db: QueryRunner): Promise<void> {
    for (const table of ["bulk_item", "bulk", "engine"]) await db.query(`DROP TABLE "${table}"`);
  }
}
