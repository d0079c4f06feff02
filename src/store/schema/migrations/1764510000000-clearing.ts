import type { MigrationInterface, QueryRunner } from "typeorm";

/** Links between contacts and patients, codes given at admission, and the tasks of whoever decides who a stranger is. */
export class Clearing1764510000000 implements MigrationInterface {
  readonly name = "Clearing1764510000000";

  async up(db: QueryRunner): Promise<void> {
    for (const statement of UP) await db.query(statement);
  }

  async down(db: QueryRunner): Promise<void> {
    for (const statement of DOWN) await db.query(statement);
  }
}

const UP = [
  `CREATE TABLE "patient_link" (
    "id" uuid NOT NULL, "patient_id" uuid NOT NULL, "contact_bi" bytea NOT NULL, "user_bi" bytea, "role" text NOT NULL,
    "scope" text NOT NULL, "case_bi" bytea, "level" integer NOT NULL, "evidence" text NOT NULL,
    "verified_at" timestamptz NOT NULL, "verified_by" text NOT NULL, "approved_by" text, "valid_from" timestamptz,
    "seen_at" timestamptz NOT NULL, "lowered_at" timestamptz, "lowered_for" text, "ended_at" timestamptz,
    "version" integer NOT NULL DEFAULT 0, "sealed" bytea NOT NULL,
    CONSTRAINT "patient_link_pk" PRIMARY KEY ("id"),
    CONSTRAINT "patient_link_of" FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE CASCADE)`,
  `CREATE INDEX "patient_link_by_contact" ON "patient_link" ("contact_bi") WHERE "ended_at" IS NULL`,
  `CREATE INDEX "patient_link_by_user" ON "patient_link" ("user_bi")
    WHERE "ended_at" IS NULL AND "user_bi" IS NOT NULL`,
  `CREATE INDEX "patient_link_by_patient" ON "patient_link" ("patient_id")`,
  `CREATE TABLE "verification_code" (
    "id" uuid NOT NULL, "selector_bi" bytea NOT NULL, "code_bi" bytea NOT NULL, "patient_id" uuid NOT NULL,
    "role" text NOT NULL, "issued_by" text NOT NULL, "issued_at" timestamptz NOT NULL, "expires_at" timestamptz NOT NULL,
    "tries" integer NOT NULL DEFAULT 0, "used_at" timestamptz,
    CONSTRAINT "verification_code_pk" PRIMARY KEY ("id"),
    CONSTRAINT "verification_code_of" FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE CASCADE)`,
  `CREATE UNIQUE INDEX "verification_code_by_selector" ON "verification_code" ("selector_bi")`,
  `CREATE INDEX "verification_code_by_patient" ON "verification_code" ("patient_id")`,
  `CREATE TABLE "clearing_task" (
    "id" uuid NOT NULL, "channel" text NOT NULL, "lane_key" bytea NOT NULL, "contact_bi" bytea NOT NULL,
    "opened_at" timestamptz NOT NULL, "due_at" timestamptz NOT NULL, "escalate_at" timestamptz NOT NULL,
    "escalated_at" timestamptz, "locked_at" timestamptz, "wanted" text, "wanted_at" timestamptz, "proposal" jsonb,
    "proposed_at" timestamptz, "proposed_by" text, "proposer_bi" bytea, "closed_at" timestamptz, "closed_as" text,
    CONSTRAINT "clearing_task_pk" PRIMARY KEY ("id"))`,
  `CREATE UNIQUE INDEX "clearing_task_open" ON "clearing_task" ("channel", "lane_key", "contact_bi")
    WHERE "closed_at" IS NULL`,
  `CREATE INDEX "clearing_task_by_age" ON "clearing_task" ("opened_at", "id") WHERE "closed_at" IS NULL`,
  `CREATE INDEX "clearing_task_closed" ON "clearing_task" ("closed_at") WHERE "closed_at" IS NOT NULL`,
  `CREATE TABLE "clearing_miss" (
    "task_id" uuid NOT NULL, "actor" text NOT NULL, "misses" integer NOT NULL, "last_at" timestamptz NOT NULL,
    CONSTRAINT "clearing_miss_pk" PRIMARY KEY ("task_id", "actor"),
    CONSTRAINT "clearing_miss_of" FOREIGN KEY ("task_id") REFERENCES "clearing_task" ("id") ON DELETE CASCADE)`,
  `CREATE INDEX "clearing_miss_by_actor" ON "clearing_miss" ("actor", "last_at")`,
  `CREATE TABLE "clearing_proof" (
    "id" uuid NOT NULL, "task_id" uuid NOT NULL, "actor" text NOT NULL, "patient_id" uuid NOT NULL,
    "until" timestamptz NOT NULL,
    CONSTRAINT "clearing_proof_pk" PRIMARY KEY ("id"),
    CONSTRAINT "clearing_proof_of" FOREIGN KEY ("task_id") REFERENCES "clearing_task" ("id") ON DELETE CASCADE)`,
  `CREATE INDEX "clearing_proof_of_task" ON "clearing_proof" ("task_id")`,
  // The link by which somebody decided about this very message.
  `ALTER TABLE "message" ADD COLUMN "link_id" uuid`,
  // The value of a number alone, as people read it out; those of old rows are filled in by the engine.
  `ALTER TABLE "patient_identifier" ADD COLUMN "value_bi" bytea`,
  `CREATE INDEX "patient_identifier_by_value" ON "patient_identifier" ("value_bi")`,
  `CREATE INDEX "patient_identifier_without_value" ON "patient_identifier" ("bi") WHERE "value_bi" IS NULL`,
  `ALTER TABLE "encounter" ADD COLUMN "value_bi" bytea`,
  `CREATE INDEX "encounter_by_value" ON "encounter" ("value_bi")`,
  `CREATE INDEX "encounter_without_value" ON "encounter" ("bi") WHERE "value_bi" IS NULL`,
];

const DOWN = [
  `ALTER TABLE "encounter" DROP COLUMN "value_bi"`,
  `ALTER TABLE "patient_identifier" DROP COLUMN "value_bi"`,
  `ALTER TABLE "message" DROP COLUMN "link_id"`,
  ...["clearing_proof", "clearing_miss", "clearing_task", "verification_code", "patient_link"].map(
    (table) => `DROP TABLE "${table}"`,
  ),
];
