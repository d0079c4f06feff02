import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * The directory keeps facts with the time they were recorded, so that it ends up the same in whatever order they come;
 * routed messages follow a merge, and what was filed before it is listed for re-homing.
 */
export class DirectoryFacts1764000000000 implements MigrationInterface {
  readonly name = "DirectoryFacts1764000000000";

  async up(db: QueryRunner): Promise<void> {
    for (const statement of UP) await db.query(statement);
  }

  async down(db: QueryRunner): Promise<void> {
    for (const statement of DOWN) await db.query(statement);
  }
}

const UP = [
  // Rows of the first schema have no times; the feed fills the directory again.
  `TRUNCATE "patient" CASCADE`,
  `ALTER TABLE "patient" ADD "root_id" uuid NOT NULL`,
  `ALTER TABLE "patient" ADD "version" integer NOT NULL DEFAULT 0`,
  `CREATE INDEX "patient_by_root" ON "patient" ("root_id")`,
  `ALTER TABLE "patient_identifier" ADD "loose_bi" bytea NOT NULL`,
  `ALTER TABLE "patient_identifier" ADD "typed" boolean NOT NULL`,
  `CREATE INDEX "patient_identifier_loose" ON "patient_identifier" ("loose_bi")`,
  `ALTER TABLE "encounter" DROP COLUMN "open"`,
  `ALTER TABLE "encounter" ADD "root_bi" bytea NOT NULL`,
  `ALTER TABLE "encounter" ADD "state" text NOT NULL`,
  `CREATE INDEX "encounter_by_root" ON "encounter" ("root_bi")`,
  `CREATE TABLE "patient_lookup" (
    "bi" bytea NOT NULL, "at" timestamptz NOT NULL,
    CONSTRAINT "patient_lookup_pk" PRIMARY KEY ("bi"))`,
  `ALTER TABLE "message" ADD "address" integer NOT NULL DEFAULT 0`,
  `ALTER TABLE "delivery" ADD "address" integer NOT NULL DEFAULT 0`,
  `ALTER TABLE "delivery" ADD "in_doubt" boolean NOT NULL DEFAULT false`,
  `CREATE SEQUENCE "rehoming_seq"`,
  `CREATE TABLE "rehoming" (
    "seq" bigint NOT NULL, "at" timestamptz NOT NULL, "message_id" uuid NOT NULL, "channel" text NOT NULL,
    "kind" text NOT NULL, "destinations" jsonb NOT NULL, "from_bi" bytea NOT NULL, "to_bi" bytea,
    CONSTRAINT "rehoming_pk" PRIMARY KEY ("seq"))`,
];

const DOWN = [
  `DROP TABLE "rehoming"`,
  `DROP SEQUENCE "rehoming_seq"`,
  `ALTER TABLE "delivery" DROP COLUMN "in_doubt"`,
  `ALTER TABLE "delivery" DROP COLUMN "address"`,
  `ALTER TABLE "message" DROP COLUMN "address"`,
  `DROP TABLE "patient_lookup"`,
  `TRUNCATE "patient" CASCADE`,
  `ALTER TABLE "encounter" DROP COLUMN "state"`,
  `ALTER TABLE "encounter" DROP COLUMN "root_bi"`,
  `ALTER TABLE "encounter" ADD "open" boolean NOT NULL`,
  `ALTER TABLE "patient_identifier" DROP COLUMN "typed"`,
  `ALTER TABLE "patient_identifier" DROP COLUMN "loose_bi"`,
  `ALTER TABLE "patient" DROP COLUMN "version"`,
  `ALTER TABLE "patient" DROP COLUMN "root_id"`,
];
