import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { parseHl7 } from "#src/hl7/parse.ts";
import { framed, openReceiver, said, type Receiver, type Sender } from "./support.ts";

/** The source as the shipped channel has it. */
const { source } = parse(readFileSync("channels/adt-to-directory.yaml", "utf8")) as { source: object };
const SHIPPED = { ...source, port: 0 };

const message = (type: string, change: { id?: string; processing?: string; version?: string; more?: string } = {}) =>
  `MSH|^~\\&|KIS|H|B|H|20261101120000||${type}|${change.id ?? "C1"}|${change.processing ?? "P"}|${change.version ?? "2.5"}` +
  `||||||UNICODE UTF-8\rEVN||20261101120000\rPID|1||7^^^H^PI||Test^Fall||19700101|F\r${change.more ?? ""}`;

async function shipped(more: object = {}): Promise<Receiver & { readonly sender: Sender }> {
  const receiver = await openReceiver({ ...SHIPPED, ...more });
  return { ...receiver, sender: await receiver.connect() };
}

describe("an ADT that is written wrongly is refused by the standard, never acknowledged and dropped", () => {
  test.each([
    ["adt^a01", "200 MSH 9"],
    ["Adt^A01", "200 MSH 9"],
    ["ADT_A01", "200 MSH 9"],
    ["ADT-A01", "200 MSH 9"],
    [" ADT^A01", "200 MSH 9"],
    ["", "200 MSH 9"],
    ["ADT^a01", "201 MSH 9"],
    ["ADT^A1", "201 MSH 9"],
    ["ADT^A01 ", "201 MSH 9"],
    ["ADT^ADT_A01", "201 MSH 9"],
    ["ADT^A001", "201 MSH 9"],
  ])("MSH-9 %j", async (type, error) => {
    await using receiver = await shipped();
    const { sender } = receiver;
    expect(await sender.ask(message(type))).toEqual(["AR C1", error]);
    expect(receiver.stored).toEqual([]);
  });

  test.each(["2,5", "v2.5", "2", "3.0", "2.5.x", "25"])("MSH-12 %j", async (version) => {
    await using receiver = await shipped();
    const { sender } = receiver;
    expect(await sender.ask(message("ADT^A28^ADT_A05", { version }))).toEqual(["AR C1", "203 MSH 12"]);
    // Whatever its trigger is.
    expect(await sender.ask(message("ADT^A99", { version }))).toEqual(["AR C1", "203 MSH 12"]);
    expect(receiver.stored).toEqual([]);
  });

  test.each(["T", "D", "X", "p"])("MSH-11 %j on a productive channel", async (processing) => {
    await using receiver = await shipped();
    const { sender } = receiver;
    expect(await sender.ask(message("ADT^A28", { processing }))).toEqual(["AR C1", "202 MSH 11"]);
    expect(await sender.ask(message("ADT^A28", { processing: "" }))).toEqual(["AA C1"]);
    expect(receiver.stored).toHaveLength(1);
  });

  test("a training channel takes what it says it takes", async () => {
    await using receiver = await shipped({ processing_ids: ["T", "D"] });
    const { sender } = receiver;
    expect(await sender.ask(message("ADT^A28", { processing: "T^T" }))).toEqual(["AA C1"]);
    expect(await sender.ask(message("ADT^A28", { processing: "P" }))).toEqual(["AR C1", "202 MSH 11"]);
  });

  test("only a trigger the standard does not have is acknowledged and counted, where the channel says so", async () => {
    await using receiver = await shipped();
    const { sender } = receiver;
    expect(await sender.ask(message("ADT^A99"))).toEqual(["AA C1"]);
    expect(await sender.ask(message("ADT^Z01"))).toEqual(["AA C1"]);
    expect(await sender.ask(message("ORU^R01"))).toEqual(["AR C1", "200 MSH 9"]);
    expect([receiver.stored.length, receiver.counted.get("ignored"), receiver.counted.get("refused")]).toEqual([
      0, 2, 1,
    ]);
  });
});

describe("an acknowledgement is never acknowledged", () => {
  test.each([
    ["of an event", "ACK^A01^ACK", "MSA|AA|XYZ\r"],
    ["without one", "ACK", "MSA|AE|XYZ\r"],
    ["in small letters", "ack", "MSA|AA|XYZ\r"],
    ["of another type", "ORR^O02", "MSA|AA|XYZ\r"],
    ["that asks for one", "ACK^A01^ACK", "MSA|AA|XYZ\r"],
  ])("%s", async (_name, type, more) => {
    await using receiver = await shipped({ unknown_trigger: "acknowledge", other_types: "acknowledge" });
    const { sender } = receiver;
    const ack = `MSH|^~\\&|KIS|H|B|H|20261101||${type}|R0|P|2.5|||AL|AL\r${more}`;
    sender.write(framed(ack));
    sender.write(framed(ack));
    expect(await sender.ask(message("ADT^A28"))).toEqual(["AA C1"]);
    expect(receiver.stored).toHaveLength(1);
    expect(receiver.counted.get("acknowledgement_dropped")).toBe(2);
    expect(receiver.logged.filter(({ event }) => event === "mllp.acknowledgement_dropped")).toHaveLength(1);
  });

  test("nor one that cannot be read, nor a batch of them", async () => {
    await using receiver = await shipped();
    const { sender } = receiver;
    sender.write(framed("MSA|AA|XYZ\r"));
    sender.write(framed("BHS|^~\\&|KIS\rMSH|^~\\&|KIS|||||20261101|ACK|R0|P|2.5\rMSA|AA|X\rBTS|1\r"));
    expect(await sender.ask(message("ADT^A28"))).toEqual(["AA C1"]);
    expect(receiver.stored).toHaveLength(1);
  });
});

describe("every refusal", () => {
  test("has a control id of its own, and names the message where MSH-10 can be read", async () => {
    await using receiver = await shipped({ max_message_bytes: 4_000 });
    const { sender } = receiver;
    const frames = [
      "garbage",
      "garbage",
      message("adt^a01"),
      message("adt^a01"),
      `${message("ADT^A28", { id: "M1" })}${message("ADT^A28", { id: "M2" })}`,
      `${message("ADT^A28", { id: "M3" })}OBX|${"x".repeat(5_000)}`,
    ];
    const ids = new Set<string>();
    const answered: string[] = [];
    for (const frame of frames) {
      sender.write(framed(frame));
      const answer = await sender.answer();
      ids.add(answer?.value("MSH", 10) ?? "");
      answered.push(said(answer)[0] ?? "");
    }
    expect(answered).toEqual(["AR", "AR", "AR C1", "AR C1", "AR M1", "AR M3"]);
    expect(ids.size).toBe(frames.length);
  });

  test("of two messages in one frame says what is wrong, and the frame is held", async () => {
    await using receiver = await shipped();
    const { sender } = receiver;
    sender.write(framed(`${message("ADT^A28", { id: "M1" })}${message("ADT^A28", { id: "M2" })}`));
    const answer = await sender.answer();
    expect(said(answer)).toEqual(["AR M1", "100 MSH 1"]);
    expect(answer?.value("ERR", 8)).toContain("two MSH segments");
    expect(receiver.stored).toMatchObject([{ hold: "malformed" }]);
  });
});

describe("a batch", () => {
  const batch = (...messages: string[]) =>
    `FHS|^~\\&|KIS|H|B|H|20261101||||F1\rBHS|^~\\&|KIS|H|B|H|20261101||||B1\r${messages.join("")}BTS|${messages.length}\rFTS|1\r`;

  async function answerTo(text: string) {
    await using receiver = await shipped({ batch_answer: "batch" });
    const { sender } = receiver;
    sender.write(framed(text));
    while (sender.raw.length === 0) await new Promise((resolve) => sender.socket.once("data", resolve));
    return { receiver, lines: sender.raw[0]?.toString("latin1").split("\r").filter(Boolean) ?? [] };
  }

  test("is taken apart, and each message is answered", async () => {
    await using receiver = await shipped();
    const { sender } = receiver;
    sender.write(
      framed(
        batch(message("ADT^A28", { id: "R10" }), message("adt^a01", { id: "R11" }), message("ADT^A28", { id: "R12" })),
      ),
    );
    const answers = [said(await sender.answer()), said(await sender.answer()), said(await sender.answer())];
    expect(answers).toEqual([["AA R10"], ["AR R11", "200 MSH 9"], ["AA R12"]]);
    expect(receiver.stored).toHaveLength(2);
  });

  test("is answered by a batch with an answer to each message, where the channel says so", async () => {
    const { receiver, lines } = await answerTo(
      batch(message("ADT^A28", { id: "R10" }), message("ADT^A28", { id: "R11" }), message("adt^a01", { id: "R12" })),
    );
    expect(receiver.stored).toHaveLength(2);
    expect(lines.map((line) => line.slice(0, 3))).toEqual([
      "FHS",
      "BHS",
      "MSH",
      "MSA",
      "MSH",
      "MSA",
      "MSH",
      "MSA",
      "ERR",
      "BTS",
      "FTS",
    ]);
    expect(lines.filter((line) => line.startsWith("MSA"))).toEqual([
      "MSA|AA|R10",
      "MSA|AA|R11",
      "MSA|AR|R12|only ADT messages are taken here",
    ]);
    expect(lines[0]).toMatch(/^FHS\|\^~\\&\|B\|H\|KIS\|H\|\d{14}\+0000\|\|\|\|[0-9A-F]{20}\|F1$/);
    expect(lines[1]).toMatch(/\|B1$/);
    expect(lines.at(-2)).toBe("BTS|3");
  });

  test("each in its own character set, and with segments of any line end", async () => {
    const latin = Buffer.from(
      message("ADT^A28", { id: "L" }).replace("UNICODE UTF-8", "8859/1").replace("Test", "Müller"),
      "latin1",
    );
    const utf8 = Buffer.from(message("ADT^A28", { id: "U" }).replace("Test", "Müller"));
    await using receiver = await openReceiver(SHIPPED);
    const sender = await receiver.connect();
    sender.write(framed(Buffer.concat([Buffer.from("BHS|^~\\&\r\n"), latin, utf8, Buffer.from("BTS|2")])));
    while (receiver.stored.length < 2) await new Promise((resolve) => setImmediate(resolve));
    const names = receiver.stored.map(
      ({ content }) => content.kind === "hl7" && parseHl7(Buffer.from(content.text)).raw("PID", 5),
    );
    expect(names).toEqual(["Müller^Fall", "Müller^Fall"]);
  });

  test("that holds fewer messages than it says is answered so", async () => {
    const { receiver, lines } = await answerTo(`BHS|^~\\&|KIS\r${message("ADT^A28")}BTS|3\r`);
    expect(lines.at(-1)).toBe("BTS|1|1 messages came, BTS-1 says 3");
    expect(receiver.logged.map(({ event }) => event)).toContain("mllp.batch_incomplete");
  });

  test("of nothing is refused", async () => {
    const { lines } = await answerTo("FHS|^~\\&|KIS\rBHS|^~\\&|KIS\rBTS|0\rFTS|1\r");
    expect(lines.join()).toContain("a batch without a message");
  });
});

describe("what is taken although it is not as it should be is answered with a warning", () => {
  test.each(["19701345", "19700230", "29990101", "01.01.1970", "17000101"])("the birth date %s", async (date) => {
    await using receiver = await shipped();
    const { sender } = receiver;
    sender.write(framed(message("ADT^A28").replace("19700101", date)));
    const answer = await sender.answer();
    expect(said(answer)).toEqual(["AA C1", "102 PID 7"]);
    expect(answer?.value("ERR", 4)).toBe("W");
    expect(receiver.counted.get("warned")).toBe(1);
  });

  test.each(["", '""', "1970", "197001", "197001011230", "20260101"])("not the birth date %j", async (date) => {
    await using receiver = await shipped();
    const { sender } = receiver;
    expect(await sender.ask(message("ADT^A28").replace("19700101", date))).toEqual(["AA C1"]);
  });

  test("in words to a sender of before 2.5, and with CA where that is all it waits for", async () => {
    await using receiver = await shipped();
    const { sender } = receiver;
    sender.write(framed(message("ADT^A28", { version: "2.3" }).replace("19700101", "19701345")));
    expect((await sender.answer())?.raw("MSA", 3)).toContain("no date");
    sender.write(
      framed(message("ADT^A28").replace("19700101", "19701345").replace("|P|2.5||||||", "|P|2.5|||AL|NE||")),
    );
    expect(said(await sender.answer())).toEqual(["CA C1", "102 PID 7"]);
  });
});

describe("bytes that are not in the set MSH-18 names", () => {
  const named = (charset: string, name: Buffer) => {
    const [before = "", after = ""] = message("ADT^A31").replace("UNICODE UTF-8", charset).split("Test");
    return framed(Buffer.concat([Buffer.from(before), name, Buffer.from(after)]));
  };
  const cp1252 = Buffer.from([0x8c, 0x75, 0x76, 0x72, 0x65, 0x96, 0x8a, 0x69, 0x6d, 0x65, 0x6b, 0xe9]);

  test.each([
    ["CP1252 under 8859/1", "8859/1", cp1252, "Œuvre–Šimeké"],
    ["CP1252 under no set at all", "", cp1252, "Œuvre–Šimeké"],
    ["CP1252 under 8859/15", "8859/15", cp1252, "Œuvre–Šimeké"],
    ["CP1252 under ASCII", "ASCII", cp1252, "Œuvre–Šimeké"],
    ["8859/1 under UNICODE UTF-8", "UNICODE UTF-8", Buffer.from("Müller", "latin1"), "Müller"],
    ["CP1252 under UNICODE UTF-8", "UNICODE UTF-8", cp1252, "Œuvre–Šimeké"],
    ["UTF-8 under 8859/1", "8859/1", Buffer.from("Müller–Š"), "Müller–Š"],
    ["UTF-8 under 8859/15", "8859/15", Buffer.from("Großmann"), "Großmann"],
    ["CP1250 under 8859/2", "8859/2", Buffer.from([0x8a, 0x8c, 0xe9]), "ŠŚé"],
  ])("%s are read as what they are", async (_name, charset, bytes, read) => {
    await using receiver = await shipped();
    const { sender } = receiver;
    sender.write(named(charset, bytes));
    expect(said(await sender.answer())).toEqual(["AA C1"]);
    const [stored] = receiver.stored;
    expect(stored?.content.kind === "hl7" && parseHl7(Buffer.from(stored.content.text)).raw("PID", 5)).toBe(
      `${read}^Fall`,
    );
    if (!["", "ASCII"].includes(charset)) expect(receiver.counted.get("charset_recognised")).toBe(1);
  });

  test("both in one message are both read", async () => {
    await using receiver = await shipped();
    const { sender } = receiver;
    sender.write(named("UNICODE UTF-8", Buffer.concat([Buffer.from("Mü^"), Buffer.from("Jürgen", "latin1")])));
    expect(said(await sender.answer())).toEqual(["AA C1"]);
    const [stored] = receiver.stored;
    expect(stored?.content.kind === "hl7" && stored.content.text).toContain("Mü^Jürgen");
  });

  test("that are nothing at all are answered with a warning", async () => {
    await using receiver = await shipped();
    const { sender } = receiver;
    sender.write(named("8859/1", Buffer.from([0x81, 0x8d, 0x41])));
    expect(said(await sender.answer())).toEqual(["AA C1", "102 MSH 18"]);
    expect(receiver.counted.get("charset_unreadable")).toBe(1);
  });

  test("are refused where the channel says so", async () => {
    await using receiver = await shipped({ on_misfit: "refuse" });
    const { sender } = receiver;
    sender.write(named("8859/1", cp1252));
    expect(said(await sender.answer())).toEqual(["AR C1", "102 MSH 18"]);
    expect(receiver.stored).toEqual([]);
  });
});
