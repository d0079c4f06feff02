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
