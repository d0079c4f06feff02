import { createHmac } from "node:crypto";
import { expect, test } from "@jest/globals";
import { createBlindIndex } from "#src/seal/blind-index.ts";
import { createDataSource } from "#src/store/data-source.ts";
import { seenAmong } from "#src/store/sql/contacts.ts";
import { createTestStore } from "../support/database.ts";
import { createTestKeys } from "../support/keys.ts";

const MESSAGE = ["whatsapp", "wamid.1", ""] as const;

test("a message that was seen before the seen-list kept 16 bytes is still a duplicate", async () => {
  await using database = await createTestStore();
  await using keys = await createTestKeys();
  const db = await createDataSource(database.url).initialize();
  try {
    const cut = () => db.query<unknown[]>("SELECT FROM migration WHERE name LIKE 'SeenByUuid%'");
    while ((await cut()).length > 0) await db.undoLastMigration({ transaction: "all" });
    const whole = createHmac("sha256", keys.keyring.named("seen"))
      .update(MESSAGE.map((part) => `${part.length}:${part}`).join(""))
      .digest();
    await db.query("INSERT INTO seen (hash, message_id, first_seen) VALUES ($1, gen_random_uuid(), now())", [whole]);
    await db.runMigrations({ transaction: "all" });
  } finally {
    await db.destroy();
  }
  const hash = createBlindIndex(keys.keyring).seen(...MESSAGE);
  expect(await seenAmong(database.store, [hash])).toEqual(new Set([hash.toString("hex")]));
});
