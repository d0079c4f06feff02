import { afterEach, expect, test } from "@jest/globals";
import { Client, Message, type Connection } from "node-hl7-client";
import { parseHl7 } from "#src/hl7/parse.ts";
import { HEADER, openReceiver } from "./support.ts";

/** Written by others, with habits of its own: it resolves before the answer, and hangs when it waits for one itself. */
let connection: Connection | undefined;
afterEach(async () => connection?.close());

function open(port: number, onAnswer: (text: string) => void): Connection {
  const client = new Client({ host: "127.0.0.1", version: "2.5.1" });
  // It never matches answers to messages and may spin for ever while waiting: it is used as a pipe.
  return client.createConnection({ port, version: "2.5.1", waitAck: false }, (answer) =>
    onAnswer(answer.getMessage().toString()),
  );
}

test("node-hl7-client is answered by our listener, message by message", async () => {
  await using receiver = await openReceiver();
  const answers: string[] = [];
  let wake: () => void = () => undefined;
  connection = open(receiver.port, (text) => {
    answers.push(text);
    wake();
  });
  for (const id of ["C1", "C2", "C3"]) {
    const answered = new Promise<void>((resolve) => (wake = resolve));
    await connection.sendMessage(new Message({ text: `${HEADER.replace("|C1|", `|${id}|`)}\rPID|1||7\r` }));
    await answered;
  }
  const read = answers.map((text) => parseHl7(Buffer.from(text)));
  expect(read.map((answer) => `${answer.value("MSA", 1)} ${answer.value("MSA", 2)}`)).toEqual([
    "AA C1",
    "AA C2",
    "AA C3",
  ]);
  expect(receiver.stored.map(({ externalId }) => externalId.split("#")[0])).toEqual([
    "KIS|HOSPITAL|C1",
    "KIS|HOSPITAL|C2",
    "KIS|HOSPITAL|C3",
  ]);
});

test("node-hl7-client reads what our encoder writes, and writes it again to the byte", async () => {
  const { encode } = await import("#src/hl7/encode.ts");
  const { mdm } = await import("../../destinations/mllp/support.ts");
  const { pieces } = encode(mdm("M1", { text: "a|b^c&d~e\\f ü" }), { charset: "UNICODE UTF-8" });
  const text = Buffer.concat(pieces.filter((piece) => Buffer.isBuffer(piece))).toString();
  const message = new Message({ text });
  expect(message.toString().replace(/\r$/, "")).toBe(text.replace(/\r$/, ""));
  expect(message.get("OBX.5").toString()).toBe("a|b^c&d~e\\f ü");
});
