import { execFileSync } from "node:child_process";
import { verify } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { gradientPng } from "#src/demo/picture.ts";
import { openFileKeyring } from "#src/seal/keyring/file-keyring.ts";
import { readMasterKey } from "#src/seal/keyring/master-key.ts";
import { canonicalJson } from "#src/seal/signature.ts";
import { PATIENT, startTestEngine, type TestEngine } from "./harness.ts";
import { contentOf, everyFile } from "../support/every-file.ts";

/** Planted in a text, a caption, a name and a number; must be readable nowhere but in the KIS. */
const CANARY = "Zitronenzeisig";
const STRANGER = "4915187654321";

describe("purging", () => {
  let engine: TestEngine;
  let sent: { text: string; image: string; held: string };
  beforeAll(async () => {
    engine = await startTestEngine({ epoch: "PT2S" });
    await engine.admit();
    // What is destroyed and what is held share an epoch: one with nothing to destroy would be left alone.
    const [text = "", held = ""] = await engine.textsAtOnce(
      { body: `${CANARY} im Text` },
      { body: `${CANARY} von Unbekannt`, from: STRANGER },
    );
    sent = { text, held, image: await engine.image(gradientPng(64, 64), `${CANARY} im Bild`) };
    await engine.until(sent.text, "filed", "purged");
    await engine.until(sent.held, "held");
  });
  afterAll(() => engine.close());

  const dataDirectory = () => engine.world.env["BOTENSTOFF_DATA_DIR"] ?? "";

  async function everyRow(): Promise<string> {
    const { rows: tables } = await engine.store.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'public'`,
    );
    const dumps = await Promise.all(
      tables.map(async ({ name }) => {
        const { rows } = await engine.store.query<{ row: string }>(`SELECT t::text AS row FROM ${name} AS t`);
        return rows.map(({ row }) => row).join("\n");
      }),
    );
    return dumps.join("\n");
  }

  const secrets = () => [CANARY, PATIENT.phone, STRANGER, "Mustermann", sent.text, sent.image, sent.held];

  it("leaves nothing personal readable in any row or file, live or purged", async () => {
    const rows = await everyRow();
    const files = await everyFile(dataDirectory());
    expect(files.length).toBeGreaterThan(3);
    for (const secret of secrets()) {
      expect(rows).not.toContain(secret);
      expect(rows).not.toContain(Buffer.from(secret).toString("hex"));
      for (const file of files) expect((await contentOf(file)).includes(secret)).toBe(false);
      expect(JSON.stringify(engine.logged)).not.toContain(secret);
    }
  });

  it("destroys what is filed after its period, and keeps ids, times and deliveries only", async () => {
    for (const id of [sent.text, sent.image]) {
      const purged = await engine.until(id, "purged");
      expect(purged.history?.map(({ state }) => state)).toEqual(["received", "routed", "filed", "purged"]);
      expect(purged.deliveries?.map(({ destination, receipt }) => [destination, receipt])).toEqual([
        ["archive", null],
        ["chart", null],
      ]);
    }
  });

  it("keeps no hash of what was sent, by which short answers could be guessed", async () => {
    const hashes = "SELECT count(*)::int AS count FROM tombstone WHERE deliveries::text ~ '[0-9a-f]{64}'";
    expect((await engine.store.query(hashes)).rows).toEqual([{ count: 0 }]);
    const { rows } = await engine.store.query("SELECT FROM tombstone WHERE jsonb_array_length(deliveries) > 0");
    expect(rows.length).toBeGreaterThan(0);
  });

  it("never destroys what is held: it moves on, still readable, and purges drop its old epoch's key and blobs", async () => {
    const survived = async () => (await engine.api.purges()).reduce((sum, { survivors }) => sum + survivors, 0);
    await engine.eventually("it has moved out of a purged epoch", async () => (await survived()) >= 1);
    const held = await engine.until(sent.held, "held");
    const detail = await engine.api.get<{ content: { content: { text: string } } }>(
      `/api/v1/messages/${held.id}?content=true`,
    );
    expect(detail.content.content.text).toBe(`${CANARY} von Unbekannt`);
    const keyring = openFileKeyring({
      directory: join(dataDirectory(), "keyring"),
      masterKey: readMasterKey(engine.world.env["BOTENSTOFF_MASTER_KEY_FILE"]),
    });
    for (const { epoch } of await engine.api.purges()) {
      expect(keyring.destroyed()).toContain(epoch);
      expect(() => keyring.openEpochKey(epoch)).toThrow("purged");
      expect(await readdir(join(dataDirectory(), "blobs")).catch(() => [])).not.toContain(String(epoch));
    }
  });

  it("certifies each purge with a signature anyone holding the public key can check", async () => {
    const [purge] = (await engine.api.purges()).filter(({ destroyed }) => destroyed > 0);
    const keyring = openFileKeyring({
      directory: join(dataDirectory(), "keyring"),
      masterKey: readMasterKey(engine.world.env["BOTENSTOFF_MASTER_KEY_FILE"]),
    });
    const { publicKey, keyId } = keyring.signingKey();
    const bytes = Buffer.from(canonicalJson(purge?.certificate));
    const signature = Buffer.from(purge?.signature ?? "", "base64");
    expect(purge?.certificate).toMatchObject({ signing_key_id: keyId, epoch_key_destroyed: true });
    expect(verify(null, bytes, publicKey, signature)).toBe(true);
    const forged = Buffer.from(canonicalJson({ ...purge?.certificate, messages_destroyed: 0 }));
    expect(verify(null, forged, publicKey, signature)).toBe(false);
  });

  it("counts what it destroyed", async () => {
    const destroyed = (await engine.api.purges()).reduce((sum, purge) => sum + purge.destroyed, 0);
    const metrics = await (await fetch(`${engine.url}/metrics`)).text();
    expect(Number(/^botenstoff_purged_messages_total (\d+)$/m.exec(metrics)?.[1])).toBe(destroyed);
    expect(destroyed).toBeGreaterThanOrEqual(2);
  });

  it("keeps a duplicate that comes after the purge purged (I2)", async () => {
    const payload = engine.world.whatsapp.textBody({ from: PATIENT.phone, id: sent.text, body: `${CANARY} im Text` });
    expect(await engine.post(engine.world.whatsapp.signedBody(payload))).toBe(200);
    expect((await engine.api.find(sent.text)).map(({ state }) => state)).toEqual(["purged"]);
    expect(engine.world.fhir.chart.all("Communication")).toHaveLength(2);
  });

  it("leaves a journal whose chain holds", () => {
    const out = execFileSync(process.execPath, ["src/cli.ts", "verify"], {
      env: { ...process.env, ...engine.world.env, DATABASE_URL: engine.databaseUrl },
      encoding: "utf8",
    });
    expect(out).toMatch(/^journal: \d+ entries, unbroken/m);
  });
});
