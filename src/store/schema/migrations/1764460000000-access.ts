import type { MigrationInterface, QueryRunner } from "typeorm";

/** Tokens, sessions, and the person behind a line of the journal. */
export class Access1764460000000 implements MigrationInterface {
  readonly name = "Access1764460000000";

  async up(db: QueryRunner): Promise<void> {
    for (const statement of UP) await db.query(statement);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE "journal" DROP COLUMN "who"`);
    for (const table of ["access_logout", "access_session", "access_token"]) await db.query(`DROP TABLE "${table}"`);
  }
}

const UP = [
  `CREATE TABLE "access_token" (
    "id" uuid NOT NULL, "name" text NOT NULL, "hash" bytea NOT NULL, "roles" jsonb NOT NULL, "channels" jsonb,
    "created_at" timestamptz NOT NULL, "created_by" text NOT NULL, "expires_at" timestamptz, "revoked_at" timestamptz,
    "used_at" timestamptz, CONSTRAINT "access_token_pk" PRIMARY KEY ("id"))`,
  `CREATE UNIQUE INDEX "access_token_by_name" ON "access_token" ("name")`,
  `CREATE UNIQUE INDEX "access_token_by_hash" ON "access_token" ("hash")`,
  `CREATE TABLE "access_session" (
    "id" uuid NOT NULL, "secret_hash" bytea NOT NULL, "provider" text NOT NULL, "person_bi" bytea NOT NULL,
    "sid_bi" bytea, "created_at" timestamptz NOT NULL, "seen_at" timestamptz NOT NULL,
    "checked_at" timestamptz NOT NULL, "ends_at" timestamptz NOT NULL, "sealed" bytea NOT NULL,
    CONSTRAINT "access_session_pk" PRIMARY KEY ("id"))`,
  `CREATE UNIQUE INDEX "access_session_by_secret" ON "access_session" ("secret_hash")`,
  `CREATE INDEX "access_session_by_person" ON "access_session" ("person_bi")`,
  `CREATE INDEX "access_session_by_sid" ON "access_session" ("sid_bi")`,
  `CREATE TABLE "access_logout" ("jti_hash" bytea NOT NULL, "until" timestamptz NOT NULL,
    CONSTRAINT "access_logout_pk" PRIMARY KEY ("jti_hash"))`,
  `ALTER TABLE "journal" ADD COLUMN "who" bytea`,
];
