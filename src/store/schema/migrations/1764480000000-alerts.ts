import type { MigrationInterface, QueryRunner } from "typeorm";

/** Alerts, whom to tell of them, and maintenance windows. */
export class Alerts1764480000000 implements MigrationInterface {
  readonly name = "Alerts1764480000000";

  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE "alert" (
      "id" uuid NOT NULL,
      "rule" text NOT NULL,
      "subject" text NOT NULL,
      "severity" text NOT NULL,
      "value" double precision NOT NULL,
      "opened_at" timestamp with time zone NOT NULL,
      "seen_at" timestamp with time zone NOT NULL,
      "closed_at" timestamp with time zone,
      "announced_at" timestamp with time zone,
      "acknowledged_at" timestamp with time zone,
      "escalated_at" timestamp with time zone,
      CONSTRAINT "alert_pk" PRIMARY KEY ("id")
    )`);
    await db.query(`CREATE UNIQUE INDEX "alert_open" ON "alert" ("rule", "subject") WHERE (closed_at IS NULL)`);
    await db.query(`CREATE INDEX "alert_by_time" ON "alert" ("opened_at")`);
    await db.query(`CREATE TABLE "alert_telling" (
      "id" uuid NOT NULL,
      "alert_id" uuid NOT NULL,
      "target" text NOT NULL,
      "occasion" text NOT NULL,
      "due_at" timestamp with time zone NOT NULL,
      "attempts" integer NOT NULL DEFAULT 0,
      CONSTRAINT "alert_telling_pk" PRIMARY KEY ("id")
    )`);
    await db.query(`CREATE INDEX "alert_telling_due" ON "alert_telling" ("due_at")`);
    await db.query(`CREATE TABLE "silence" (
      "id" uuid NOT NULL,
      "rule" text,
      "reason" text NOT NULL,
      "begins_at" timestamp with time zone NOT NULL,
      "ends_at" timestamp with time zone NOT NULL,
      CONSTRAINT "silence_pk" PRIMARY KEY ("id")
    )`);
    await db.query(`CREATE INDEX "silence_by_end" ON "silence" ("ends_at")`);
  }

  async down(db: QueryRunner): Promise<void> {
    for (const table of ["silence", "alert_telling", "alert"]) await db.query(`DROP TABLE "${table}"`);
  }
}
