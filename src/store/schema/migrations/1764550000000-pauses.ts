import type { MigrationInterface, QueryRunner } from "typeorm";

/** Channels that people stop for a time. */
export class Pauses1764550000000 implements MigrationInterface {
  readonly name = "Pauses1764550000000";

  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE "channel_pause" (
      "channel" text NOT NULL,
      "reason" text NOT NULL,
      "begins_at" timestamp with time zone NOT NULL,
      "ends_at" timestamp with time zone NOT NULL,
      CONSTRAINT "channel_pause_pk" PRIMARY KEY ("channel")
    )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE "channel_pause"`);
  }
}
