import { describe, expect, test } from "@jest/globals";
import { mllpSource } from "#src/sources/mllp/source.ts";
import { HEADER, openReceiver } from "./support.ts";

const ADMISSION = `${HEADER}\rPID|1||7^^^HAUS^PI\r`;
const config = (members: object) => mllpSource.config.safeParse({ type: "mllp", port: 0, ...members });
const issues = (members: object) =>
  config(members).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);

describe("a listener off this machine", () => {
  test.each(["0.0.0.0", "::", "10.0.0.5", "kis.example"])("does not start without TLS: %s", (host) => {
    expect(issues({ host })?.join()).toMatch(/^host: Plain TCP off this machine/);
    expect(issues({ host, insecure: "" })?.join()).toContain("insecure");
    expect(issues({ host, insecure: "only the integration network reaches it" })).toBeUndefined();
    expect(issues({ host, tls: { cert: "a", key: "b" } })).toBeUndefined();
  });

  test.each(["127.0.0.1", "127.1.2.3", "::1", "localhost"])("is not one at %s", (host) => {
    expect(issues({ host })).toBeUndefined();
  });
});

describe("who may send", () => {
  test.each(["10.0.0", "10.0.0.0/33", "kis.example", "fe80::/200", "10.0.0.0/8/8"])("is no address: %s", (address) => {
    expect(issues({ senders: { addresses: [address] } })?.join()).toContain("Expected an address or a network");
  });

  test("is asked for no certificate without a CA", () => {
    expect(issues({ senders: { certificates: ["kis"] } })?.join()).toContain("without tls.ca");
  });

  test.each([["127.0.0.1"], ["127.0.0.0/8"], ["10.0.0.0/8", "::1", "127.0.0.1/32"]])(
    "may, from %j",
    async (...addresses) => {
      await using receiver = await openReceiver({ senders: { addresses } });
      expect((await (await receiver.connect()).ask(ADMISSION))[0]).toBe("AA C1");
    },
  );

  test("is hung up on, unheard, from anywhere else", async () => {
    await using receiver = await openReceiver({ senders: { addresses: ["10.0.0.0/8", "fd00::/8"] } });
    const sender = await receiver.connect();
    expect(await sender.ask(ADMISSION)).toEqual([]);
    expect(receiver.stored).toEqual([]);
    expect(receiver.counted.get("sender_refused")).toBe(1);
    expect(receiver.logged).toContainEqual({ event: "mllp.sender_refused", fields: { reason: "address" } });
  });

  test.each([
    [["KIS"], "AA"],
    [["KIS|HOSPITAL"], "AA"],
    [["LAB", "KIS|HOSPITAL"], "AA"],
    [["KIS|OTHER"], "AR"],
    [["EVIL|EVIL"], "AR"],
    [["KI"], "AR"],
  ])("is told by MSH-3 and MSH-4: %j", async (applications, code) => {
    await using receiver = await openReceiver({ senders: { applications }, unknown_trigger: "acknowledge" });
    const answer = await (await receiver.connect()).ask(ADMISSION);
    expect(answer).toEqual(code === "AA" ? ["AA C1"] : ["AR C1", "103 MSH 3"]);
    expect(receiver.stored).toHaveLength(code === "AA" ? 1 : 0);
  });
});

test("one connection too many is closed without an answer; when one ends, another may come", async () => {
  await using receiver = await openReceiver({ max_connections: 2 });
  const [first, second] = [await receiver.connect(), await receiver.connect()];
  expect((await second.ask(ADMISSION))[0]).toBe("AA C1");
  const third = await receiver.connect();
  expect(await third.ask(ADMISSION)).toEqual([]);
  expect(receiver.counted.get("connection_refused")).toBe(1);
  first.socket.destroy();
  for (let answered = false; !answered;) {
    const fourth = await receiver.connect();
    answered = (await fourth.ask(ADMISSION))[0] === "AA C1";
  }
});
