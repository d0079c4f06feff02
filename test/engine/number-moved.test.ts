import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { ShownMessage } from "#src/demo/api-client.ts";
import { releaseMessage } from "./attachment-support.ts";
import { startTestEngine, type TestEngine } from "./harness.ts";

let engine: TestEngine;
let next = 6000;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.close());

const shown = (id: string) => engine.api.get<ShownMessage>(`/api/v1/messages/${id}`);

/** A patient of the KIS's and the chart's, whose number WhatsApp and the KIS write in their own ways. */
async function someone(digits: string, { trigger = "A28", number = String((next += 1)) } = {}) {
  engine.world.fhir.addPatient({ identifier: [{ value: number, system: "urn:oid:1.2.276.0.76.4.1" }] });
  const tell = async (change: object) =>
    expect((await engine.adt({ patient: number, caseNumber: `F${number}`, ...change })).code).toBe("AA");
  await tell({ trigger, phone: `0151 ${digits}` });
  return { number, phone: `49151${digits}`, tell };
}

describe("a number that an ADT moves from one patient to another", () => {
  it("holds the next message until a person has decided; what follows goes on", async () => {
    const victim = await someone("20000001");
    await engine.until(await engine.text("erster", victim.phone), "filed");
    // Two messages that nobody has signed: the victim's number is another one, the old one a stranger's.
    await victim.tell({ trigger: "A08", phone: "0151 20000099" });
    const stranger = await someone("20000001");
    const held = await engine.until(await engine.text("nicht für Fremde", victim.phone), "held");
    expect(held.reason).toBe("number_moved");
    const after = await engine.until(await engine.text("auch nicht", victim.phone), "held");
    expect(await releaseMessage(engine, held.id)).toBe(202);
    for (const { id } of [held, after]) {
      await engine.eventually("it is filed", async () => (await shown(id)).state === "filed");
    }
    await engine.until(await engine.text("danach", victim.phone), "filed");
    expect(stranger.number).not.toBe(victim.number);
    // The decision holds for this patient: the next move is another one.
    await stranger.tell({ trigger: "A08", phone: "0151 20000098" });
    await someone("20000001");
    expect((await engine.until(await engine.text("wieder", victim.phone), "held")).reason).toBe("number_moved");
  });

  it("comes back to its owner without a decision", async () => {
    const owner = await someone("20000002");
    await owner.tell({ trigger: "A08", phone: "0151 20000097" });
    const stranger = await someone("20000002");
    const wamid = await engine.text("gehört der ersten", owner.phone);
    await engine.until(wamid, "held");
    await stranger.tell({ trigger: "A08", phone: "0151 20000096" });
    await owner.tell({ trigger: "A08", phone: "0151 20000002" });
    await engine.until(wamid, "filed");
  });

  it("is held too where both had it for a while", async () => {
    const owner = await someone("20000003");
    await someone("20000003");
    expect((await engine.until(await engine.text("wem?", owner.phone), "held")).reason).toBe("ambiguous");
    await owner.tell({ trigger: "A08", phone: "0151 20000095" });
    expect((await engine.until(await engine.text("und jetzt?", owner.phone), "held")).reason).toBe("number_moved");
  });

  it("cannot be released while nobody, or several, carry it", async () => {
    const owner = await someone("20000004");
    await owner.tell({ trigger: "A08", phone: "0151 20000094" });
    const stranger = await someone("20000004");
    const held = await engine.until(await engine.text("niemandes", owner.phone), "held");
    const third = await someone("20000004");
    await engine.eventually("it is anybody's", async () => (await shown(held.id)).reason === "ambiguous");
    expect(await releaseMessage(engine, held.id)).toBe(409);
    await stranger.tell({ trigger: "A08", phone: "0151 20000093" });
    await engine.eventually("it is the third's", async () => (await shown(held.id)).reason === "number_moved");
    expect(third.phone).toBe(owner.phone);
  });
});

describe("nothing is held of", () => {
  it("a patient who has a number for the first time, gives it up and takes it again", async () => {
    const owner = await someone("20000005");
    await owner.tell({ trigger: "A08", phone: "0151 20000092" });
    await owner.tell({ trigger: "A08", phone: "0151 20000005" });
    await engine.until(await engine.text("wieder da", owner.phone), "filed");
  });

  it("a patient who is merged into another: both are one person", async () => {
    const retired = await someone("20000006");
    const survivor = await someone("20000091");
    await survivor.tell({ trigger: "A40", retired: retired.number, phone: "0151 20000006" });
    await engine.until(await engine.text("zusammengeführt", retired.phone), "filed");
  });
});
