import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { messageId } from "#src/message/id.ts";
import { textUpdate, wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import { CHANNEL, PATIENT, startTestEngine, type TestEngine } from "./harness.ts";

const OTHER = { patient: "79472", phone: "4915199999999" };

describe("what can never be written down", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startTestEngine();
    await engine.admit();
    await engine.adt({ patient: OTHER.patient, phone: `+${OTHER.phone}`, caseNumber: "F-2" });
    await engine.store.query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'not this' USING ERRCODE = '22021'; END $$`,
    );
  });
  afterAll(() => engine.close());

  /** Texts of one webhook, the first of which may never get into these states. */
  async function sayAll(table: "message" | "delivery", states: string): Promise<string[]> {
    const texts = [PATIENT.phone, PATIENT.phone, OTHER.phone].map((from) => ({ from, id: wamid(from), body: "hallo" }));
    const poison = messageId(CHANNEL, texts[0]?.id ?? "");
    const column = table === "message" ? "id" : "message_id";
    await engine.store.query(
      `CREATE TRIGGER refused BEFORE UPDATE ON ${table} FOR EACH ROW
         WHEN (NEW.${column} = '${poison}' AND NEW.state IN (${states})) EXECUTE FUNCTION refuse()`,
    );
    const payload = engine.world.whatsapp.batchBody(texts.map((text) => textUpdate(text)));
    expect(await engine.post(engine.world.whatsapp.signedBody(payload))).toBe(200);
    return texts.map(({ id }) => id);
  }

  it("of a message whose way is decided is set aside, and what came with it goes on", async () => {
    const [poison = "", next = "", others = ""] = await sayAll("message", "'routed'");
    await engine.until(others, "filed");
    const held = await engine.until(poison, "held");
    expect(held.reason).toBe("set_aside");
    expect(held.last_error).toMatch(/^WORK_FAILS_EACH_TIME: preparing: .*22021/);
    await engine.until(next, "filed");
    await engine.store.query("DROP TRIGGER refused ON message");
    expect(await engine.api.reprocess(held.id)).toBe(202);
    await engine.until(poison, "filed");
  });

  it("of a delivery fails it, visibly, and what waits behind it goes on", async () => {
    const [poison = "", next = "", others = ""] = await sayAll("delivery", "'accepted', 'confirmed'");
    await engine.until(others, "filed");
    const failed = await engine.until(poison, "failed");
    expect(failed.deliveries?.map(({ last_error }) => last_error?.split(":")[0])).toContain("WORK_FAILS_EACH_TIME");
    await engine.until(next, "filed");
    await engine.store.query("DROP TRIGGER refused ON delivery");
    expect(await engine.api.reprocess(failed.id)).toBe(202);
    await engine.until(poison, "filed");
    expect(engine.world.fhir.chart.all("Communication").filter(({ id }) => id === failed.id)).toHaveLength(1);
  });

  it("of a message that cannot even be opened is set aside after a while, and what waits behind it goes on", async () => {
    const stranger = "4915177777777";
    const sent = await engine.text("wer bin ich?", stranger);
    const { id } = await engine.until(sent, "held");
    await engine.store.query("UPDATE message SET sealed = '\\x00' WHERE id = $1", [id]);
    expect(await engine.api.reprocess(id)).toBe(202);
    const next = await engine.text("und jetzt?", stranger);
    await engine.eventually("it has been tried for long enough", async () => {
      const { rowCount } = await engine.store.query(
        `UPDATE lane SET stopped_at = now() - interval '11 minutes' WHERE stage = 'prepare' AND stopped_at IS NOT NULL`,
      );
      return rowCount === 1;
    });
    const held = await engine.until(sent, "held");
    expect([held.reason, held.last_error]).toEqual([
      "set_aside",
      expect.stringMatching(/^WORK_FAILS_EACH_TIME: .*SEAL/),
    ]);
    expect((await engine.until(next, "held")).reason).toBe("unknown");
  });
});
