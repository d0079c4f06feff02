import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { startTestEngine, type TestEngine } from "../../engine/harness.ts";
import { HEADER, said, framed, Sender } from "./support.ts";

let engine: TestEngine;
beforeAll(async () => (engine = await startTestEngine()));
afterAll(() => engine.close());

async function ask(message: string): Promise<{ said: string[]; bytes: string }> {
  const socket = connect({ host: "127.0.0.1", port: engine.adtPort });
  await once(socket, "connect");
  const sender = new Sender(socket);
  sender.write(framed(message));
  const answer = said(await sender.answer());
  socket.destroy();
  return { said: answer, bytes: sender.raw[0]?.toString() ?? "" };
}

async function counted(): Promise<number> {
  const { rows } = await engine.store.query<{ count: string }>("SELECT count(*) FROM message WHERE kind = 'hl7'");
  return Number(rows[0]?.count);
}

const GOOD = `${HEADER}\rEVN||20260101\rPID|1||4711^^^HOSPITAL^PI||Muster^Max\rPV1|1|I\r`;
const BAD = `${HEADER.replace("|C1|", "|C2|")}\rEVN||20260101\rPID|1||||Muster^Max\rPV1|1|I\r`;

test("a repeat gets the stored answer to the byte, before and after a restart, and changes nothing", async () => {
  const first = await ask(GOOD);
  const refused = await ask(BAD);
  expect(first.said).toEqual(["AA C1"]);
  expect(refused.said).toEqual(["AE C2", "101 PID 3"]);
  const stored = await counted();
  expect([await ask(GOOD), await ask(BAD)]).toEqual([first, refused]);
  await engine.restart();
  expect([await ask(GOOD), await ask(BAD)]).toEqual([first, refused]);
  expect(await counted()).toBe(stored);
});

test("other content under a control id that was used before is a message of its own", async () => {
  const before = await counted();
  expect((await ask(GOOD.replace("Max", "Moritz"))).said).toEqual(["AA C1"]);
  expect(await counted()).toBe(before + 1);
});
