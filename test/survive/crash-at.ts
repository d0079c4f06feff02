import pg from "pg";
import type { MigrationInterface, QueryRunner } from "typeorm";
import { MIGRATIONS } from "#src/store/schema/migrations/index.ts";

/**
 * Loaded before the engine (`node --import`): ends it with SIGKILL at a named step, lets its clock be set, and gives it
 * one migration more than the others have. `CRASH_AT` is a step of STEPS with `before` or `after`, `CRASH_NTH` the how
 * many-th time counts.
 */
export const STEPS: Readonly<Record<string, RegExp>> = {
  intake: /INSERT INTO seen/,
  claim: /UPDATE lane SET token/,
  attachment: /UPDATE attachment SET verdict/,
  prepared: /UPDATE message SET state = done\.state/,
  routed: /INSERT INTO delivery/,
  take: /UPDATE delivery SET state = 'sending'/,
  outcome: /UPDATE delivery SET state = outcome\.state/,
  conclude: /UPDATE message SET state = verdict\.state/,
  book: /UPDATE lane SET open = open - turn\.done/,
  survivors: /UPDATE message SET epoch/,
  entomb: /INSERT INTO tombstone/,
  drop: /DROP TABLE "message_/,
  certificate: /INSERT INTO purge/,
  commit: /^COMMIT/,
};

const [step = "", when = "before"] = (process.env["CRASH_AT"] ?? "").split(":");
const pattern = STEPS[step];
let left = Number(process.env["CRASH_NTH"] ?? "1");

type Query = (this: unknown, ...args: unknown[]) => unknown;

if (pattern) {
  const client = pg.Client.prototype as unknown as { query: Query };
  const original = client.query;
  client.query = function query(...args: unknown[]) {
    const [statement] = args;
    const text = typeof statement === "string" ? statement : (statement as { text?: string } | undefined)?.text;
    const hit = text !== undefined && pattern.test(text) && --left === 0;
    if (hit && when === "before") process.kill(process.pid, "SIGKILL");
    const result = original.apply(this, args);
    if (hit) void Promise.resolve(result).finally(() => process.kill(process.pid, "SIGKILL"));
    return result;
  };
}

const real = Date.now.bind(Date);
let offset = 0;
process.on("message", (message: { clockOffsetMs?: number }) => {
  offset = message.clockOffsetMs ?? offset;
});
process.channel?.unref();
Date.now = () => real() + offset;

/** What the next version of the engine might bring: a column and an index on the busiest table. */
class Extra1999999999999 implements MigrationInterface {
  readonly name = "Extra1999999999999";

  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE "message" ADD COLUMN "extra" text`);
    await db.query(`CREATE INDEX "message_by_extra" ON "message" ("extra") WHERE "extra" IS NOT NULL`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE "message" DROP COLUMN "extra"`);
  }
}

if (process.env["EXTRA_MIGRATION"]) MIGRATIONS.push(Extra1999999999999);
