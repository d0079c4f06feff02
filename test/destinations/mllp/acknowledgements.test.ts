import { describe, expect, test } from "@jest/globals";
import type { MllpBehaviour } from "#src/simulators/kis/mllp-answer.ts";
import type { ErrorCode } from "#src/message/error-code.ts";
import { failure, openWorld, until, type MdmOptions } from "./support.ts";

const ORIGINAL: MdmOptions = {};
const ACCEPT_ONLY: MdmOptions = { accept: "AL", application: "NE" };
const BOTH: MdmOptions = { accept: "AL", application: "AL" };

describe("accepted is", () => {
  test.each<[string, MdmOptions, MllpBehaviour, string]>([
    ["AA in original mode", ORIGINAL, "ack", "AA"],
    ["AA filled up with blanks, like MSA-2", ORIGINAL, "ack-padded", "AA"],
    ["AA after a blank", ORIGINAL, "ack-in-blanks", "AA"],
    ["AA however it is split", ORIGINAL, "split", "AA"],
    ["AA with LF as segment end and no VT", ORIGINAL, "lf-without-vt", "AA"],
    ["AA with a warning", ORIGINAL, "with-warning", "AA"],
    ["AA followed by the end of the connection", ORIGINAL, "then-hang-up", "AA"],
    ["AA after a commit block", ORIGINAL, "commit-block-first", "AA"],
    ["CA where no application acknowledgement is asked for", ACCEPT_ONLY, "CA", "CA"],
    ["AA in place of CA", ACCEPT_ONLY, "ack", "AA"],
    ["CA and then AA where both are asked for", BOTH, "CA-then-AA", "AA"],
    ["AA alone where only that is asked for", { accept: "NE", application: "AL" }, "ack", "AA"],
    ["CA where the application speaks only of errors", { accept: "SU", application: "ER" }, "CA", "CA"],
  ])("%s", async (_name, options, behaviour, code) => {
    await using world = await openWorld();
    const receipt = await world.send("M1", options, behaviour);
    expect(receipt.answer).toEqual({ code, control_id: "M1" });
    expect(receipt.sentSha256).toBe(world.kis.received[0]?.sha256);
    expect(world.counted.get(`ack_${code}`)).toBe(1);
    // After a hang-up the next message may find out too late; its repeat finds a new connection.
    const next = await world.send("M2").catch(() => world.send("M2"));
    expect(next.answer).toEqual({ code: "AA", control_id: "M2" });
  });
});

describe("refused is", () => {
  test.each<[string, MllpBehaviour, ErrorCode, string]>([
    ["AE: this message is parked", "AE", "DESTINATION_REFUSED", "answered AE (101 PID 3)"],
    ["CE: this message is parked", "CE", "DESTINATION_REFUSED", "answered CE (102)"],
    ["AR about the type: the destination stops", "AR", "DESTINATION_REJECTS", "answered AR (200 MSH 9)"],
    ["CR about the version: the destination stops", "CR", "DESTINATION_REJECTS", "answered CR (203 MSH 12)"],
    ["AR without a reason: the destination stops", "AR-without-reason", "DESTINATION_REJECTS", "answered AR"],
    [
      "AR about the content: the message is parked",
      "AR-about-content",
      "DESTINATION_REFUSED",
      "answered AR (103 TXA 2)",
    ],
    ["AR in words that it is down: again later", "AR-down", "DESTINATION_BUSY", "answered AR"],
    ["206, record locked: again later", "busy-206", "DESTINATION_BUSY", "answered AE (206)"],
    ["207, internal error: again later", "busy-207", "DESTINATION_BUSY", "answered AE (207)"],
    ["204: waits for the KIS to learn the patient", "unknown-patient-204", "PATIENT_NOT_YET_KNOWN", "(204 PID 3)"],
    ["204 in MSA-6, as before HL7 2.5", "AE-of-2.3", "PATIENT_NOT_YET_KNOWN", "answered AE (204)"],
    ["206 in ERR-1, as before HL7 2.5", "AE-in-the-old-form", "DESTINATION_BUSY", "answered AE (206 PID 3)"],
    ["a passing error beside a lasting one: parked", "AE-twice", "DESTINATION_REFUSED", "(207, 101 PID 5)"],
  ])("%s", async (_name, behaviour, code, words) => {
    await using world = await openWorld();
    const error = await failure(world.send("M1", ORIGINAL, behaviour));
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
    expect(world.kis.documents.size).toBe(0);
    await world.send("M2");
    expect(world.kis.received.map(({ connection }) => connection)).toEqual([1, 1]);
  });

  test("AR, where the channel says so, a matter of the one message", async () => {
    await using world = await openWorld({ on_reject: "park" });
    expect((await failure(world.send("M1", ORIGINAL, "AR"))).code).toBe("DESTINATION_REFUSED");
  });
});

describe("a repeat that is there already", () => {
  const again = { ...ORIGINAL, repeated: true };

  test.each<[string, MllpBehaviour]>([
    ["205 at MSH-10", "duplicate-205"],
    ["words without a code", "duplicate-in-words"],
  ])("is accepted: %s", async (_name, behaviour) => {
    await using world = await openWorld();
    expect((await world.send("M1", again, behaviour)).answer).toMatchObject({ control_id: "M1" });
    expect((await failure(world.send("M1", ORIGINAL, behaviour))).code).toMatch(/DESTINATION_(REFUSED|REJECTS)/);
  });

  test("is not one whose patient is a duplicate", async () => {
    await using world = await openWorld();
    expect((await failure(world.send("M1", again, "duplicate-205-elsewhere"))).code).toBe("DESTINATION_REFUSED");
  });
});

describe("what a receiver means by its answers is the channel's to say", () => {
  test.each<[object, MllpBehaviour, ErrorCode | "accepted"]>([
    [{}, "unknown-in-words", "PATIENT_NOT_YET_KNOWN"],
    [{}, "own-code", "DESTINATION_REFUSED"],
    [{ KIS17: "retry" }, "own-code", "DESTINATION_BUSY"],
    [{ KIS17: "accept" }, "own-code", "accepted"],
    [{ AE: "stop" }, "own-code", "DESTINATION_REJECTS"],
    [{ "204": "park" }, "unknown-patient-204", "DESTINATION_REFUSED"],
    [{ "207": "stop" }, "busy-207", "DESTINATION_REJECTS"],
    [{ "101": "retry" }, "AE-twice", "DESTINATION_BUSY"],
    [{ AR: "retry" }, "AR-without-reason", "DESTINATION_BUSY"],
  ])("%j answered %j: %s", async (answers, behaviour, code) => {
    await using world = await openWorld({ answers });
    const sent = world.send("M1", ORIGINAL, behaviour);
    if (code === "accepted") expect((await sent).answer).toMatchObject({ control_id: "M1" });
    else expect((await failure(sent)).code).toBe(code);
  });
});

describe("nothing is known, and the same bytes must be sent again, after", () => {
  test.each<[string, MdmOptions, MllpBehaviour, string]>([
    ["silence", ORIGINAL, "missing", "no acknowledgement in time"],
    ["a late acknowledgement", ORIGINAL, { lateMs: 400 }, "no acknowledgement in time"],
    ["a hang-up", ORIGINAL, "hang-up-after-read", "the connection broke"],
    ["an acknowledgement of another message", ORIGINAL, "wrong-control-id", "belongs to another message"],
    ["an acknowledgement of the message before", ORIGINAL, "stale", "belongs to another message"],
    ["words that are not HL7", ORIGINAL, "garbage", "the answer is not HL7"],
    ["a negative commit block", ORIGINAL, "negative-commit", "commit block NAK"],
    ["CA without the application acknowledgement that is due", BOTH, "CA-then-nothing", "no acknowledgement in time"],
  ])("%s", async (_name, options, behaviour, words) => {
    await using world = await openWorld({ ack_timeout_secs: 0.2, application_ack_timeout_secs: 0.2 });
    const error = await failure(world.send("M1", options, behaviour));
    expect(error.code).toBe("DESTINATION_NO_ANSWER");
    expect(error.message).toContain(words);
    await world.send("M1", ORIGINAL);
    await world.send("M2", ORIGINAL);
    const [first, again, next] = world.kis.received;
    expect(again?.connection).not.toBe(first?.connection);
    expect(next?.connection).toBe(again?.connection);
    if (options === ORIGINAL) expect(again?.sha256).toBe(first?.sha256);
    expect([...world.kis.documents.keys()].sort()).toEqual(["M1", "M2"]);
  });

  test("a second acknowledgement that nobody asked for costs the connection, not the next message", async () => {
    await using world = await openWorld();
    await world.send("M1", ORIGINAL, "twice");
    const second = await world.send("M2").catch(() => world.send("M2"));
    expect(second.answer).toMatchObject({ code: "AA", control_id: "M2" });
    expect(world.kis.documents.size).toBe(2);
  });
});

describe("application acknowledgements on a connection of their own", () => {
  async function openBoth(settings: object = {}) {
    const { freePort } = await import("#src/demo/free-port.ts");
    const port = await freePort("127.0.0.1");
    return openWorld(
      { application_acks: { port }, application_ack_timeout_secs: 0.3, ...settings },
      { applicationAckPort: port },
    );
  }

  test("end the delivery, and the connection is free for the next message meanwhile", async () => {
    await using world = await openBoth({ application_ack_timeout_secs: 30 });
    await world.destination.check(AbortSignal.timeout(5_000));
    expect((await world.send("M1", BOTH, "CA-then-AA-elsewhere")).answer).toEqual({ code: "AA", control_id: "M1" });
    const waiting = world.send("M2", BOTH, "CA");
    waiting.catch(() => undefined);
    await until(() => world.counted.get("ack_CA") === 2);
    expect((await world.send("M3", ORIGINAL, "ack")).answer).toMatchObject({ control_id: "M3" });
    await world.destination.close();
    await expect(waiting).rejects.toThrow("no application acknowledgement");
    expect(world.kis.received.map(({ connection }) => new Set([connection]).size)).toEqual([1, 1, 1]);
  });

  test("that do not come leave the message in doubt", async () => {
    await using world = await openBoth();
    const error = await failure(world.send("M1", BOTH, "CA"));
    expect([error.code, error.message]).toEqual([
      "DESTINATION_NO_ANSWER",
      "delivering by MLLP: no application acknowledgement in time",
    ]);
  });

  test("of nobody's message are counted and change nothing", async () => {
    await using world = await openBoth();
    await world.send("M1", ACCEPT_ONLY, "CA-then-AA-elsewhere");
    await until(() => world.counted.get("application_ack_unmatched") === 1);
    expect(world.counted.get("ack_AA")).toBeUndefined();
  });

  test("are waited for even where nothing is to come on our own connection", async () => {
    await using world = await openBoth({ application_ack_timeout_secs: 30 });
    const receipt = await world.send("M1", { accept: "NE", application: "AL" }, "CA-then-AA-elsewhere");
    expect(receipt.answer).toEqual({ code: "AA", control_id: "M1" });
  });
});

describe("a message that asks for no acknowledgement", () => {
  const SILENT: MdmOptions = { accept: "NE", application: "NE" };
  const ON_ERROR: MdmOptions = { accept: "NE", application: "ER" };

  test.each([SILENT, ON_ERROR, { accept: "", application: "NE" }])(
    "is not sent without consent: %j",
    async (options) => {
      await using world = await openWorld();
      expect((await failure(world.send("M1", options))).code).toBe("MAPPING_FAILED");
      expect(world.kis.received).toEqual([]);
    },
  );

  test("is accepted once written, where the channel takes that for enough", async () => {
    await using world = await openWorld({ settle_on_write: true });
    expect((await world.send("M1", SILENT, "missing")).answer).toEqual({ code: "none", control_id: "M1" });
    await world.send("M2", SILENT, "ack");
    await world.send("M3", SILENT, "missing");
    await until(() => world.kis.received.length === 3);
    expect(world.kis.received.map(({ controlId }) => controlId)).toEqual(["M1", "M2", "M3"]);
  });

  test("of success is refused by an error and accepted by silence", async () => {
    await using world = await openWorld({ settle_on_write: true, ack_timeout_secs: 0.2 });
    expect((await world.send("M1", ON_ERROR, "missing")).answer).toEqual({ code: "none", control_id: "M1" });
    expect((await failure(world.send("M2", ON_ERROR, "AE"))).code).toBe("DESTINATION_REFUSED");
  });
});
