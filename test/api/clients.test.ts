import type { IncomingMessage } from "node:http";
import { describe, expect, test } from "@jest/globals";
import { createClients } from "#src/api/clients.ts";

const clients = createClients({
  proxies: ["10.0.0.5", "192.168.7.0/24", "fd00::/8"],
  certificateHeader: "x-client-certificate",
});
const META = "client.webhooks.fbclientcerts.com";

function from(remoteAddress: string, header?: string | string[], tls: object = {}): IncomingMessage {
  return { socket: { remoteAddress, ...tls }, headers: { "x-client-certificate": header } } as never;
}
const verified = (CN: unknown) => ({ authorized: true, getPeerCertificate: () => ({ subject: { CN } }) });

describe("who is a proxy", () => {
  test.each([
    ["10.0.0.5", true],
    ["::ffff:10.0.0.5", true],
    ["10.0.0.6", false],
    ["192.168.7.200", true],
    ["192.168.8.1", false],
    ["fd12::1", true],
    ["fe80::1", false],
    ["not an address", false],
  ])("%s: %s", (address, trusted) => {
    expect(clients.trusts(address)).toBe(trusted);
  });

  test("what is no address or network is refused at start", () => {
    for (const wrong of ["proxy.local", "10.0.0.0/33", "10.0.0"]) {
      expect(() => createClients({ proxies: [wrong], certificateHeader: "x" })).toThrow(/is no address or network/);
    }
  });
});

describe("the name on the client certificate", () => {
  test("is what a trusted proxy tells: the name itself or a distinguished name", () => {
    for (const told of [
      META,
      `CN=${META}`,
      `CN=${META},O=Meta Platforms\\, Inc.,L=Menlo Park,C=US`,
      `O=Meta Platforms\\, Inc., cn=${META}`,
      `C=US+CN=${META}`,
    ]) {
      expect(clients.certificateName(from("10.0.0.5", told))).toBe(META);
    }
  });

  test("is nothing where the proxy tells nothing usable", () => {
    for (const told of [
      "",
      undefined,
      [META],
      "O=Meta",
      `CN=${META},CN=other`,
      `O=x\\,CN=${META}`,
      `/C=US/CN=${META}`,
    ]) {
      expect(clients.certificateName(from("10.0.0.5", told))).not.toBe(META);
    }
  });

  test("is never what a stranger writes into the header", () => {
    expect(clients.certificateName(from("203.0.113.9", META))).toBeUndefined();
    expect(clients.certificateName(from("10.0.0.6", META))).toBeUndefined();
  });

  test("is what the engine's own TLS verified, and nothing it did not verify", () => {
    expect(clients.certificateName(from("203.0.113.9", undefined, verified(META)))).toBe(META);
    expect(
      clients.certificateName(from("203.0.113.9", META, { ...verified(META), authorized: false })),
    ).toBeUndefined();
    expect(clients.certificateName(from("203.0.113.9", undefined, verified([META, "other"])))).toBeUndefined();
  });

  test("is not the proxy's own", () => {
    expect(clients.certificateName(from("10.0.0.5", undefined, verified(META)))).toBeUndefined();
  });
});
