import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import { PATIENT, startTestEngine, type TestEngine } from "./harness.ts";

const NEW = "4915112345679";
const KIS_NEW = "0151 12345679";

describe("identifying whoever writes", () => {
  let engine: TestEngine;
  let minute = 0;
  beforeAll(async () => {
    engine = await startTestEngine();
    await engine.admit();
  });
  afterAll(() => engine.close());

  async function take(payload: unknown): Promise<void> {
    expect(await engine.post(engine.world.whatsapp.signedBody(payload as never))).toBe(200);
  }

  /** Writes under the given ids, each message a second after the one before. */
  async function writes(ids: { from?: string; userId?: string }): Promise<string> {
    const id = wamid("0");
    await take(engine.world.whatsapp.textBody({ ...ids, id, body: "Guten Tag", timestamp: seconds() }));
    return id;
  }

  /** After the admission, in whole seconds, as Meta writes it. */
  function seconds(): number {
    minute += 1;
    return Math.ceil(Date.now() / 1_000) + minute;
  }

  async function changesNumber(from: { phone: string; userId: string }, to: { phone: string; userId: string }) {
    const text = engine.world.whatsapp.textBody({ from: from.phone, id: wamid("0"), body: "", timestamp: seconds() });
    const system = { type: "user_changed_number", wa_id: to.phone, user_id: to.userId, previous_user_id: from.userId };
    const [entry] = text["entry"] as { changes: { value: { messages: Record<string, unknown>[] } }[] }[];
    const [message] = entry?.changes[0]?.value.messages ?? [];
    delete message?.["text"];
    Object.assign(message!, { type: "system", system: { body: "changed", ...system } });
    await take(text);
  }

  it("holds who shows no number, and files it as soon as a webhook shows both", async () => {
    const first = await writes({ userId: "DE.1" });
    expect((await engine.until(first, "held")).reason).toBe("unknown");
    const second = await writes({ from: PATIENT.phone, userId: "DE.1" });
    await engine.until(second, "filed");
    await engine.until(first, "filed");
    await engine.until(await writes({ userId: "DE.1" }), "filed");
  });

  it("holds a new number until the KIS has it, whatever is known of the contact", async () => {
    await changesNumber({ phone: PATIENT.phone, userId: "DE.1" }, { phone: NEW, userId: "DE.2" });
    const after = await writes({ from: NEW, userId: "DE.2" });
    expect((await engine.until(after, "held")).reason).toBe("unknown");
  });

  it("does not take who got a number from the provider for the patient for whom the KIS still has it", async () => {
    const [mine, theirs] = ["4915112345670", "4915112345671"];
    await engine.adt({ patient: "80001", phone: "0151 12345670", caseNumber: "F-2026-003" });
    await engine.adt({ patient: "80002", phone: "0151 12345671", caseNumber: "F-2026-004" });
    await engine.until(await writes({ from: mine, userId: "DE.11" }), "filed");
    await changesNumber({ phone: mine, userId: "DE.11" }, { phone: theirs, userId: "DE.12" });
    expect((await engine.until(await writes({ from: theirs, userId: "DE.12" }), "held")).reason).toBe("unverified");
  });

  it("files what comes from a new number that the KIS had for the same patient before", async () => {
    await engine.adt({ patient: "80003", phone: "0151 12345672, 0151 12345673", caseNumber: "F-2026-005" });
    await engine.until(await writes({ from: "4915112345672", userId: "DE.21" }), "filed");
    await changesNumber({ phone: "4915112345672", userId: "DE.21" }, { phone: "4915112345673", userId: "DE.22" });
    await engine.until(await writes({ from: "4915112345673", userId: "DE.22" }), "filed");
  });

  it("holds a stranger who got the old number, although the KIS still has it", async () => {
    for (const ids of [{ from: PATIENT.phone }, { from: PATIENT.phone, userId: "DE.3" }, { userId: "DE.3" }]) {
      expect((await engine.until(await writes(ids), "held")).reason).toBe("unverified");
    }
    expect((await engine.until(await writes({ userId: "DE.1" }), "held")).reason).toBe("unknown");
  });

  it("files what the new number wrote once the KIS has it, and keeps the stranger out", async () => {
    const before = await writes({ from: NEW, userId: "DE.2" });
    await engine.until(before, "held");
    expect((await engine.adt({ phone: KIS_NEW })).code).toBe("AA");
    await engine.until(before, "filed");
    expect((await engine.until(await writes({ from: PATIENT.phone, userId: "DE.3" }), "held")).reason).toBe("unknown");
  });
});

describe("a change of number", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startTestEngine();
    await engine.admit();
  });
  afterAll(() => engine.close());

  const now = () => Math.floor(Date.now() / 1_000);
  const take = async (messages: readonly object[]) => {
    const metadata = { phone_number_id: engine.world.env["WHATSAPP_PHONE_NUMBER_ID"] };
    const change = { field: "messages", value: { messaging_product: "whatsapp", metadata, messages } };
    const body = { object: "whatsapp_business_account", entry: [{ id: "1", changes: [change] }] };
    expect(await engine.post(engine.world.whatsapp.signedBody(body as never))).toBe(200);
  };
  const text = (from: string, id: string, timestamp: number) => ({
    ...{ from, id, timestamp: String(timestamp), type: "text" },
    text: { body: "Guten Tag" },
  });
  const note = (from: string, to: string, id: string, timestamp: number) => ({
    ...{ from, id, timestamp: String(timestamp), type: "system" },
    system: { type: "user_changed_number", body: "changed", wa_id: to },
  });
  const patientOf = async (id: string) => {
    const { id: message } = await engine.until(id, "filed");
    const shown = engine.world.fhir.chart.read(`Communication/${message}`);
    return (shown as { subject?: { identifier?: { value?: string } } }).subject?.identifier?.value;
  };

  it("is filed to who wrote it, with what they wrote before, though the KIS told their number only later", async () => {
    const long = now() - 60 * 86_400;
    const [older, changed] = ["wamid.older", "wamid.changed"];
    await take([text(PATIENT.phone, older, long - 600), note(PATIENT.phone, NEW, changed, long)]);
    expect(await patientOf(changed)).toBe(PATIENT.number);
    expect(await patientOf(older)).toBe(PATIENT.number);
    const stranger = "wamid.stranger";
    await take([text(PATIENT.phone, stranger, long + 60)]);
    expect((await engine.until(stranger, "held")).reason).toBe("unverified");
  });

  it("leads from a number the KIS never had to the one it has, whichever comes first", async () => {
    const [before, after] = ["4915112340001", "4915112340002"];
    await take([text(before, "wamid.a1", now() - 600)]);
    expect((await engine.until("wamid.a1", "held")).reason).toBe("unknown");
    await take([note(before, after, "wamid.a2", now())]);
    expect((await engine.until("wamid.a2", "held")).reason).toBe("unknown");
    engine.world.fhir.addPatient({ identifier: [{ value: "80009", system: "urn:oid:1.2.276.0.76.4.1" }] });
    await engine.adt({ patient: "80009", phone: "0151 12340002", caseNumber: "F-2026-009" });
    expect(await patientOf("wamid.a2")).toBe("80009");
    expect(await patientOf("wamid.a1")).toBe("80009");
  });

  it("leads nobody's messages to who had the new number before", async () => {
    const [before, after] = ["4915112340003", "4915112340004"];
    await engine.adt({ patient: "80010", phone: "0151 12340004", caseNumber: "F-2026-010" });
    await take([text(before, "wamid.b1", now() - 600), note(before, after, "wamid.b2", now() + 60)]);
    for (const id of ["wamid.b1", "wamid.b2"]) expect((await engine.until(id, "held")).reason).toBe("unknown");
  });

  it("of a user id alone leads on too, for the note of it and what was written before", async () => {
    const { from: _from, ...nameless } = text("", "wamid.c2", now() + 130);
    await take([{ ...text("", "wamid.c1", now() + 120), from: "4915112340005", from_user_id: "DE.501" }]);
    engine.world.fhir.addPatient({ identifier: [{ value: "80011", system: "urn:oid:1.2.276.0.76.4.1" }] });
    await engine.adt({ patient: "80011", phone: "0151 12340005", caseNumber: "F-2026-011" });
    expect(await patientOf("wamid.c1")).toBe("80011");
    const system = { type: "user_changed_user_id", user_id: "DE.502", previous_user_id: "DE.501", body: "changed" };
    const stamp = String(now() + 140);
    await take([
      { ...nameless, from_user_id: "DE.501" },
      { id: "wamid.c3", timestamp: stamp, type: "system", from_user_id: "DE.501", system },
    ]);
    expect(await patientOf("wamid.c3")).toBe("80011");
    expect(await patientOf("wamid.c2")).toBe("80011");
  });
});
