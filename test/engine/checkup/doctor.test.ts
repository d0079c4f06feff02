import { execFile } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { openWorld, type World } from "#src/demo/world.ts";
import { freePort } from "#src/demo/free-port.ts";
import { examine } from "#src/engine/checkup/examine.ts";
import type { Finding } from "#src/engine/checkup/finding.ts";
import { isSound, json, page } from "#src/engine/checkup/report.ts";
import { readSettings } from "#src/engine/settings.ts";
import { startEngine } from "#src/engine/start.ts";
import { createTestStore, type TestStore } from "../../support/database.ts";

const HEADING = { version: "0.1.0", at: new Date(0) };
const of = (findings: readonly Finding[], check: string) => findings.filter((one) => one.check === check);
const wrong = (findings: readonly Finding[]) => findings.filter(({ verdict }) => verdict === "fail");

describe("botenstoff doctor", () => {
  let world: World;
  let database: TestStore;
  let env: Record<string, string>;
  beforeAll(async () => {
    world = await openWorld("PT1H", await freePort("127.0.0.1"));
    database = await createTestStore();
    env = { ...world.env, DATABASE_URL: database.url };
  });
  afterAll(async () => {
    await world.close();
    await database[Symbol.asyncDispose]();
  });
  const look = (own: Record<string, string | undefined> = {}) => examine({ ...env, ...own }, Date.now);

  test("finds nothing wrong where everything answers and the engine does not run yet", async () => {
    const findings = await look({ BOTENSTOFF_WEBHOOKS_PORT: String(await freePort("127.0.0.1")) });
    expect(wrong(findings)).toEqual([]);
    expect(isSound(findings)).toBe(true);
    expect(of(findings, "database")[0]).toMatchObject({ verdict: "ok", text: expect.stringContaining("PostgreSQL") });
    const free = (text: string) => ({ verdict: "note", text: expect.stringContaining(text) });
    expect(of(findings, "engine")).toMatchObject([free("does not run"), free("of BOTENSTOFF_WEBHOOKS_PORT is free")]);
    expect(of(findings, "connectors")).toHaveLength(5);
  });

  test("looks at a running engine without taking its ports for taken by a stranger", async () => {
    const engine = await startEngine(readSettings(env), () => undefined);
    try {
      let findings = await look();
      // An engine tells the others of itself a moment after it has opened its door.
      const end = performance.now() + 30_000;
      while (of(findings, "engines")[0]?.verdict !== "ok" && performance.now() < end) findings = await look();
      expect(wrong(findings)).toEqual([]);
      expect(of(findings, "engine")).toMatchObject([{ verdict: "ok", text: expect.stringContaining("it runs") }]);
      expect(of(findings, "engines")).toMatchObject([{ verdict: "ok", text: "1 at work" }]);
      expect(of(findings, "directory")).toMatchObject([{ verdict: "warn", text: "no patient is known" }]);
    } finally {
      await engine.stop();
    }
  });

  test("says what to do about everything that is wrong, each by itself", async () => {
    const findings = await look({
      BOTENSTOFF_MASTER_KEY_FILE: join(world.directory, "nowhere.key"),
      DATABASE_URL: "postgres://somebody:hunter22@127.0.0.1:1/botenstoff",
      KIS_FHIR_URL: "http://127.0.0.1:1/fhir",
      HTTPS_PROXY: "http://user:hunter22@127.0.0.1:1",
      NO_PROXY: "127.0.0.1",
      KIS_MLLP_HOST: "kis..invalid",
      BOTENSTOFF_ALERTS_FILE: join(world.directory, "nowhere.yaml"),
    });
    expect(new Set(wrong(findings).map(({ check }) => check))).toEqual(
      new Set(["master key", "database", "proxy", "names", "connectors", "alerts"]),
    );
    for (const { remedy } of wrong(findings)) expect(remedy).toMatch(/\w/);
    expect(of(findings, "names")[0]?.text).toContain("KIS_MLLP_HOST");
    const [first] = page(findings, HEADING).slice(3);
    expect(first).toMatch(/^WRONG/);
  });

  test("shows no secret and no address with a password, whatever is wrong", async () => {
    const secrets = { WHATSAPP_APP_SECRET: "s3cret-app", WHATSAPP_ACCESS_TOKEN: "s3cret-access" };
    const findings = await look({
      ...secrets,
      WHATSAPP_VERIFY_TOKEN: "s3cret-verify",
      BOTENSTOFF_API_TOKEN: "s3cret-api",
      DATABASE_URL: "postgres://s3cret-user:s3cret-word@127.0.0.1:1/s3cret-db",
      HTTPS_PROXY: "http://s3cret-user:s3cret-word@127.0.0.1:1",
      KIS_FHIR_URL: "not an address s3cret-fhir",
    });
    expect(wrong(findings).length).toBeGreaterThan(2);
    expect(`${page(findings, HEADING).join("\n")}${json(findings, HEADING)}`).not.toContain("s3cret");
  });

  test("sees a key that others may read, one that is guessed, and one of another keyring", async () => {
    const file = join(world.directory, "other.key");
    writeFileSync(file, "a".repeat(64), { mode: 0o600 });
    const key = async () => of(await look({ BOTENSTOFF_MASTER_KEY_FILE: file }), "master key")[0];
    expect(await key()).toMatchObject({ verdict: "fail", text: expect.stringContaining("at random") });
    writeFileSync(file, "Zt0oF2wZ1p8LJQeqmSx4yKcVbN7rHd5uTgA3iW9XvYf6");
    expect(await key()).toMatchObject({ verdict: "fail", text: expect.stringContaining("MASTER_KEY_WRONG") });
    chmodSync(file, 0o644);
    expect(await key()).toMatchObject({ verdict: "fail", remedy: expect.any(String) });
  });

  test("sees a backup that is overdue", async () => {
    const marker = join(world.directory, "backed-up");
    writeFileSync(marker, "");
    const backup = async () => of(await look({ BOTENSTOFF_BACKUP_MARKER_FILE: marker }), "backup");
    expect(await backup()).toMatchObject([{ verdict: "ok" }]);
    await utimes(marker, 0, 0);
    expect(await backup()).toMatchObject([{ verdict: "fail", text: expect.stringContaining("1970") }]);
  });

  test("sees a database that a newer version has changed", async () => {
    const newer = `ContractAway${Date.now()}`;
    await database.store.query("INSERT INTO migration (timestamp, name) VALUES ($1, $2)", [Date.now(), newer]);
    const findings = wrong(await look());
    await database.store.query("DELETE FROM migration WHERE name = $1", [newer]);
    expect(findings).toMatchObject([{ check: "database", text: "a newer version has changed it" }]);
  });

  test("by its command answers 1 and JSON where somebody must act", async () => {
    const { code, out } = await new Promise<{ code: number; out: string }>((resolve) => {
      execFile(
        process.execPath,
        ["src/cli.ts", "doctor", "--json"],
        { env: { PATH: process.env["PATH"] ?? "", BOTENSTOFF_DATA_DIR: world.directory } },
        (error, stdout) => resolve({ code: error ? Number(error.code) : 0, out: stdout }),
      );
    });
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ ok: false, version: expect.any(String), findings: expect.any(Array) });
  });
});
