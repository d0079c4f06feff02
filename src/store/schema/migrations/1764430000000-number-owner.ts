import type { MigrationInterface, QueryRunner } from "typeorm";

/** Whose a number was first, or was decided to be: a move from one patient to another is noticed by it. */
export class NumberOwner1764430000000 implements MigrationInterface {
  readonly name = "NumberOwner1764430000000";

  async up(db: QueryRunner): Promise<void> {
    for (const statement of UP) await db.query(statement);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE "number_owner"`);
  }
}

const UP = [
  `CREATE TABLE "number_owner" (
    "bi" bytea NOT NULL, "patient_id" uuid NOT NULL,
    CONSTRAINT "number_owner_pk" PRIMARY KEY ("bi"),
    CONSTRAINT "number_owner_of" FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE CASCADE)`,
  `CREATE INDEX "number_owner_by_patient" ON "number_owner" ("patient_id")`,
  // What is linked today is taken for right: nobody has to decide on everything at once.
  `INSERT INTO "number_owner" ("bi", "patient_id")
    SELECT DISTINCT ON ("bi") "bi", "patient_id" FROM "patient_phone" ORDER BY "bi", "since", "patient_id"`,
];
