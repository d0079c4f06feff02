import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "@jest/globals";
import { startTestEngine, type TestEngine } from "./harness.ts";

/** Webhook bodies published by Meta and by other projects' tests; not ours to ship, hence by address. */
const corpus = process.env["CORPUS_DIR"];

/** Every inbound body; folders of what is sent to Meta are called out-…. */
function inbound(directory: string): { name: string; text: string }[] {
  const root = join(directory, "whatsapp");
  return readdirSync(root)
    .filter((folder) => !folder.startsWith("out-"))
    .flatMap((folder) => readdirSync(join(root, folder)).map((file) => join(folder, file)))
    .map((name) => ({ name, text: readFileSync(join(root, name), "utf8") }));
}

/** The values of a member anywhere in the bodies, the commonest first. */
function valuesOf(member: string, texts: readonly string[]): string[] {
  const found = texts.flatMap((text) => [...text.matchAll(new RegExp(`"${member}"\\s*:\\s*"(\\d+)"`, "g"))]);
  const counts = Map.groupBy(
    found.map(([, value]) => value ?? ""),
    (value) => value,
  );
  return [...counts].sort(([, a], [, b]) => b.length - a.length).map(([value]) => value);
}

if (corpus === undefined) {
  test.skip("every webhook body of other projects comes to an end in the engine (set CORPUS_DIR)", () => undefined);
} else {
  describe("webhook bodies of other projects, signed and posted to the whole engine", () => {
    const bodies = inbound(corpus);
    const texts = bodies.map(({ text }) => text);
    let engine: TestEngine;
    beforeAll(async () => {
      const [number = ""] = valuesOf("phone_number_id", texts);
      engine = await startTestEngine({ env: { WHATSAPP_PHONE_NUMBER_ID: number } });
      // Half of the senders are patients.
      for (const [index, phone] of valuesOf("from", texts).entries()) {
        if (index % 2 === 1) continue;
        const patient = `C-${index}`;
        engine.world.fhir.addPatient({ identifier: [{ value: patient, system: "urn:oid:1.2.276.0.76.4.1" }] });
        await engine.adt({ patient, phone: `+${phone}` });
      }
    });
    afterAll(() => engine.close());

    it("are all answered 200, and everything in them is filed, noticed or visibly held", async () => {
      expect(bodies.length).toBeGreaterThan(50);
      for (const { name, text } of bodies) {
        const status = await engine.post(engine.world.whatsapp.signedBody(JSON.parse(text)));
        expect([name, status]).toEqual([name, 200]);
      }
      const count = async (sql: string) => (await engine.store.query<{ n: number }>(sql)).rows[0]!.n;
      const onTheWay =
        "SELECT count(*) AS n FROM message WHERE channel = 'whatsapp-to-kis' AND state NOT IN ('filed', 'filtered', 'held')";
      await engine.eventually("nothing is under way", async () => (await count(onTheWay)) === 0);
      const { rows } = await engine.store.query<{ state: string; reason: string | null; n: number }>(
        "SELECT state, reason, count(*) AS n FROM message WHERE channel = 'whatsapp-to-kis' GROUP BY state, reason",
      );
      expect(new Set(rows.map(({ state }) => state))).toEqual(new Set(["filed", "held"]));
      for (const { state, reason } of rows) if (state === "held") expect(reason).not.toBeNull();
      expect(rows.map(({ reason }) => reason)).not.toContain("malformed");
      expect(await count("SELECT count(*) AS n FROM notice")).toBeGreaterThan(0);
    });

    it("change nothing when they are all posted again", async () => {
      const before = (await engine.store.query("SELECT id, state FROM message ORDER BY id")).rows;
      for (const text of texts) {
        expect(await engine.post(engine.world.whatsapp.signedBody(JSON.parse(text)))).toBe(200);
      }
      expect((await engine.store.query("SELECT id, state FROM message ORDER BY id")).rows).toEqual(before);
    });
  });
}
