import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { afterAll, expect, test } from "@jest/globals";
import { TestCa, type Pair } from "../../support/test-ca.ts";
import { HEADER, openReceiver, Sender, type Receiver } from "./support.ts";

const ca = new TestCa();
const stranger = new TestCa();
const directory = mkdtempSync(join(tmpdir(), "botenstoff-tls-"));
afterAll(() => {
  ca[Symbol.dispose]();
  stranger[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

function client(port: number, pair?: Pair, authority = ca): Sender {
  const own: ConnectionOptions = pair ? { cert: ca.read(pair.cert), key: ca.read(pair.key) } : {};
  return new Sender(connectTls({ host: "127.0.0.1", port, ca: authority.read(authority.cert), ...own }));
}

function reasons({ logged }: Receiver): unknown[] {
  return logged.filter(({ event }) => event === "mllp.client_refused").map(({ fields }) => fields);
}

test("a client whose certificate is of the CA is served; all others are refused, each with its reason", async () => {
  const revoked = ca.issue();
  ca.revoke(revoked);
  await using receiver = await openReceiver({ tls: { ...ca.issue(), ca: ca.cert, crl: ca.crl } });
  expect(await client(receiver.port, ca.issue()).ask(`${HEADER}\r`)).toEqual(["AA C1"]);
  const refused: [Pair | undefined, string][] = [
    [undefined, "missing"],
    [stranger.issue(), "untrusted"],
    [ca.issue("IP:127.0.0.1", -1), "expired"],
    [revoked, "revoked"],
  ];
  for (const [pair, reason] of refused) {
    expect(await client(receiver.port, pair).ask(`${HEADER}\r`)).toEqual([]);
    expect(reasons(receiver).at(-1)).toEqual({ reason: expect.stringContaining(reason) });
  }
  expect(receiver.counted.get("client_refused")).toBe(4);
  expect(receiver.stored).toHaveLength(1);
});

test("renewed files are used from the next connection on, and the open ones go on", async () => {
  const live = { cert: join(directory, "cert.pem"), key: join(directory, "key.pem") };
  const use = (pair: Pair) => (["cert", "key"] as const).forEach((part) => copyFileSync(pair[part], live[part]));
  use(ca.issue());
  await using receiver = await openReceiver({ tls: live });
  const before = client(receiver.port);
  expect(await before.ask(`${HEADER}\r`)).toEqual(["AA C1"]);
  use(stranger.issue());
  expect(await client(receiver.port, undefined, stranger).ask(`${HEADER}\r`)).toEqual(["AA C1"]);
  expect(await client(receiver.port).ask(`${HEADER}\r`)).toEqual([]);
  expect(await before.ask(`${HEADER}\r`)).toEqual(["AA C1"]);
});

test("of those whose certificate is of the CA, only the names that are listed may send", async () => {
  const senders = { certificates: ["kis.example"] };
  await using receiver = await openReceiver({ tls: { ...ca.issue(), ca: ca.cert }, senders });
  expect(await client(receiver.port, ca.issue("DNS:kis.example")).ask(`${HEADER}\r`)).toEqual(["AA C1"]);
  expect(await client(receiver.port, ca.issue("DNS:other.example")).ask(`${HEADER}\r`)).toEqual([]);
  expect(await client(receiver.port, ca.issue("DNS:kis.example.org")).ask(`${HEADER}\r`)).toEqual([]);
  expect(receiver.logged).toContainEqual({ event: "mllp.sender_refused", fields: { reason: "certificate" } });
  expect(receiver.stored).toHaveLength(1);
});
