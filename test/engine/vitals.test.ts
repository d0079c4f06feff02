import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { createToken } from "#src/access/tokens.ts";
import { startSweep } from "#src/access/sweep.ts";
import { readAccess } from "#src/access/load.ts";
import { offerVitals } from "#src/engine/vitals.ts";
import type { Metrics } from "#src/telemetry/metrics.ts";
import { createTestStore } from "../support/database.ts";

/** Gauges as they are read at a scrape. */
function gauges() {
  const offered = new Map<string, () => number | undefined>();
  const gauge: Metrics["gauge"] = (name, _labels, read) => void offered.set(name, read);
  return { gauge, read: (name: string) => offered.get(name)?.() };
}

test("the age of the backup is that of its marker; where none was ever made, it is as old as can be", async () => {
  const folder = await mkdtemp(join(tmpdir(), "botenstoff-vitals-"));
  try {
    const age = async (backupMarkerFile?: string) => {
      const { gauge, read } = gauges();
      const watched = await offerVitals({ metrics: { gauge }, dataDir: folder, backupMarkerFile, channels: () => [] });
      watched.stop();
      return read("backup_age_seconds");
    };
    const marker = join(folder, "backed-up");
    expect(await age()).toBeUndefined();
    expect(await age(marker)).toBeGreaterThan(40 * 365 * 86_400);
    await writeFile(marker, "");
    const hourAgo = Date.now() / 1_000 - 3_600;
    await utimes(marker, hourAgo, hourAgo);
    expect(Math.abs(((await age(marker)) ?? 0) - 3_600)).toBeLessThan(600);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("the token that ends first is told of, and no revoked one, none that has ended and none that never ends", async () => {
  await using database = await createTestStore();
  const now = Date.parse("2026-11-29T12:00:00Z");
  const day = 86_400_000;
  const make = (name: string, days?: number) =>
    database.store.transaction((db) => {
      const expiresAt = days === undefined ? undefined : new Date(now + days * day);
      return createToken(db, { name, roles: ["machine"], channels: undefined, expiresAt }, "test", new Date(now - day));
    });
  for (const [name, days] of [
    ["never", undefined],
    ["ended", -1],
    ["revoked", 1],
    ["soon", 3],
    ["later", 90],
  ] as const) {
    await make(name, days);
  }
  await database.store.query("UPDATE access_token SET revoked_at = now() WHERE name = 'revoked'");
  const { gauge, read } = gauges();
  const swept = startSweep({
    ...{ store: database.store, metrics: { gauge }, now: () => now, log: () => undefined },
    settings: await readAccess({ file: "nowhere.yaml", env: {} }),
    sweepSessions: () => Promise.resolve(),
  });
  await swept.stop();
  expect(read("token_expires_seconds")).toBe((3 * day) / 1_000);
  expect(read("break_glass_open")).toBe(0);
});
