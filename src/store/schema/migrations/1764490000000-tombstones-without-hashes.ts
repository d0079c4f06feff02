import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Tombstones kept the SHA-256 of what was sent: who knows a document but for a short answer can try all short answers. No
 * hash of content outlives it.
 */
export class TombstonesWithoutHashes1764490000000 implements MigrationInterface {
  readonly name = "TombstonesWithoutHashes1764490000000";

  async up(db: QueryRunner): Promise<void> {
    await db.query(`UPDATE "tombstone" SET "deliveries" =
      (SELECT coalesce(jsonb_agg(delivery - 'sent_sha256'), '[]') FROM jsonb_array_elements("deliveries") AS delivery)
      WHERE jsonb_path_exists("deliveries", '$[*].sent_sha256')`);
  }

  /** What is gone stays gone. */
  down(): Promise<void> {
    return Promise.resolve();
  }
}
