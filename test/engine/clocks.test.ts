import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { startTestEngine, type TestEngine } from "./harness.ts";

const HOUR_MS = 3_600_000;
const MESSAGES = "message WHERE channel = 'whatsapp-to-kis'";

describe("an engine whose clock is set while it runs", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startTestEngine();
  });
  afterAll(() => engine.close());
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const setClock = (offMs: number) => {
    const real = Date.now.bind(Date);
    jest.spyOn(Date, "now").mockImplementation(() => real() + offMs);
  };
  /** In hours from now, rounded. */
  const hours = async (expression: string, table: string) => {
    const { rows } = await engine.store.query<{ hours: number }>(
      `SELECT round(extract(epoch FROM ${expression} - now()) / 3600)::int AS hours FROM ${table}`,
    );
    return rows.map((row) => row.hours);
  };

  it("does not take a number for entered later than it was: its owner may leave it meanwhile (I3)", async () => {
    setClock(5 * HOUR_MS);
    await engine.admit();
    expect(await hours("since", "patient_phone")).toEqual([0]);
  });

  it("keeps what it files for the whole of its retention, however far back its clock is (I4)", async () => {
    setClock(-5 * HOUR_MS);
    await engine.until(await engine.text("Guten Tag"), "filed");
    expect(await hours("filed_at", MESSAGES)).toEqual([-5]);
    expect(await hours("retain_until", MESSAGES)).toEqual([24]);
  });
});
