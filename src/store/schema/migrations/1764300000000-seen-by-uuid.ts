import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * The seen-list keeps the first 16 of the 32 bytes of its keyed hashes, in a type of that size: its index, which grows for
 * ever and is touched at random, has half the pages. That two among 10^12 messages are taken for one has a chance below
 * one in 10^14.
 */
export class SeenByUuid1764300000000 implements MigrationInterface {
  readonly name = "SeenByUuid1764300000000";

  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE "seen" ALTER COLUMN "hash" TYPE uuid USING encode(substr("hash", 1, 16), 'hex')::uuid`);
  }

  /** The other 16 bytes are gone: an older version knows nothing of what was seen by this one. */
  async down(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE "seen" ALTER COLUMN "hash" TYPE bytea USING uuid_send("hash")`);
  }
}
