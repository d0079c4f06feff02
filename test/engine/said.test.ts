import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { startTestEngine, type TestEngine } from "./harness.ts";

interface Said {
  readonly deliveries: readonly { readonly destination: string; readonly said?: { readonly text: string } | null }[];
}

describe("a destination's own words about what it does not take", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startTestEngine();
    await engine.admit();
  });
  afterAll(() => engine.close());

  const shown = async (id: string, query = "") => {
    const { deliveries } = await engine.api.get<Said>(`/api/v1/messages/${id}${query}`);
    return Object.fromEntries(
      deliveries.map(({ destination, said }) => [destination, said === null ? null : said?.text]),
    );
  };

  it("are kept sealed, shown with the content alone, and in no log, error or metric", async () => {
    engine.world.mllp.behave(["unknown-in-words"]);
    engine.world.fhir.behave([{ on: "transaction", status: 503 }]);
    const { id, deliveries = [] } = await engine.until(await engine.text("Guten Tag"), "filed");
    expect(deliveries.map(({ attempts }) => attempts)).toEqual([2, 2]);
    expect(await shown(id)).toEqual({ archive: undefined, chart: undefined });
    expect(await shown(id, "?content=true")).toEqual({ archive: "Patient nicht gefunden", chart: "told to" });

    const { rows } = await engine.store.query<{ said: Buffer }>("SELECT said FROM delivery WHERE said IS NOT NULL");
    expect(rows).toHaveLength(2);
    const metrics = await (await fetch(`${engine.url}/metrics`)).text();
    const everywhere = [JSON.stringify(engine.logged), metrics, ...rows.map(({ said }) => said.toString("latin1"))];
    for (const words of ["nicht gefunden", "told to"]) {
      for (const place of everywhere) expect(place).not.toContain(words);
    }
    const journal = await engine.store.query<{ detail: unknown }>("SELECT * FROM journal");
    expect(JSON.stringify(journal.rows)).not.toContain("nicht gefunden");
  });

  it("are null where it took everything at once", async () => {
    const { id } = await engine.until(await engine.text("Guten Tag"), "filed");
    expect(await shown(id, "?content=true")).toEqual({ archive: null, chart: null });
  });
});

describe("a destination's own words about a message that outlives a purge", () => {
  it("move on with it", async () => {
    const engine = await startTestEngine({ epoch: "PT3S" });
    try {
      await engine.admit();
      const other = { number: "79472", phone: "4915112345679", kisPhone: "0151 12345679" };
      await engine.adt({ patient: other.number, phone: other.kisPhone, caseNumber: "F-2026-002" });
      engine.world.mllp.behave(["own-code"]);
      // In one epoch: what is filed of it is purged, and what failed moves on.
      const ids = await engine.textsAtOnce({ body: "Guten Tag" }, { body: "Guten Tag", from: other.phone });
      const both = await Promise.all(ids.map((id) => engine.until(id, "failed", "filed", "purged")));
      const { id = "" } = both.find(({ state }) => state === "failed") ?? {};
      const survived = async () => (await engine.api.purges()).some(({ survivors }) => survivors > 0);
      await engine.eventually("it has moved out of a purged epoch", survived);
      const { deliveries } = await engine.api.get<Said>(`/api/v1/messages/${id}?content=true`);
      expect(deliveries.find(({ destination }) => destination === "archive")?.said?.text).toBe("x");
    } finally {
      await engine.close();
    }
  });
});
