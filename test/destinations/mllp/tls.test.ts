import { once } from "node:events";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { afterAll, describe, expect, test } from "@jest/globals";
import { freePort } from "#src/demo/free-port.ts";
import { mllpDestination } from "#src/destinations/mllp/destination.ts";
import { TestCa, type Pair } from "../../support/test-ca.ts";
import { failure, NEVER, openWorld } from "./support.ts";

const ca = new TestCa();
const stranger = new TestCa();
const directory = mkdtempSync(join(tmpdir(), "botenstoff-tls-"));
afterAll(() => {
  ca[Symbol.dispose]();
  stranger[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

function receiver(pair: Pair, clients?: TestCa) {
  const asks = clients && { ca: ca.read(clients.cert), requestCert: true, rejectUnauthorized: true };
  return { tls: { cert: ca.read(pair.cert), key: ca.read(pair.key), ...asks } };
}

describe("a receiver over TLS", () => {
  test("whose certificate holds is delivered to", async () => {
    await using world = await openWorld({ tls: { ca: ca.cert, crl: ca.crl } }, receiver(ca.issue()));
    expect((await world.send("M1")).answer).toMatchObject({ code: "AA" });
  });

  test.each<[string, () => Pair, string]>([
    ["of a CA nobody trusts", () => stranger.issue(), "the receiver's certificate is untrusted"],
    [
      "that has expired",
      () => ca.issue("IP:127.0.0.1", -1),
      "the receiver's certificate is expired (CERT_HAS_EXPIRED)",
    ],
    ["of another host", () => ca.issue("DNS:elsewhere"), "the receiver's certificate is for another host"],
  ])("with a certificate %s is refused before anything is sent", async (_name, pair, words) => {
    await using world = await openWorld({ tls: { ca: ca.cert } }, receiver(pair()));
    const error = await failure(world.send("M1"));
    expect([error.code, error.class]).toEqual(["DESTINATION_UNTRUSTED", "transient"]);
    expect(error.message).toContain(words);
    expect(world.kis.received).toEqual([]);
  });

  test("with a revoked certificate is refused, and by a list that is not there", async () => {
    const revoked = ca.issue();
    await using before = await openWorld({ tls: { ca: ca.cert } }, receiver(revoked));
    await before.send("M1");
    ca.revoke(revoked);
    await using world = await openWorld({ tls: { ca: ca.cert, crl: ca.crl } }, receiver(revoked));
    expect((await failure(world.send("M1"))).message).toContain("is revoked (CERT_REVOKED)");
    await using foreign = await openWorld({ tls: { ca: ca.cert, crl: stranger.crl } }, receiver(ca.issue()));
    expect((await failure(foreign.send("M1"))).message).toContain("revocation list is missing");
  });

  test("is known by the name the channel gives, where its address is not in the certificate", async () => {
    const tls = { ca: ca.cert, servername: "kis.hospital" };
    await using world = await openWorld({ tls }, receiver(ca.issue("DNS:kis.hospital")));
    await expect(world.send("M1")).resolves.toBeDefined();
  });

  test("that asks for our certificate gets it; without it nothing is filed", async () => {
    const ours = ca.issue();
    await using world = await openWorld({ tls: { ca: ca.cert, ...ours } }, receiver(ca.issue(), ca));
    await world.send("M1");
    await using bare = await openWorld({ tls: { ca: ca.cert } }, receiver(ca.issue(), ca));
    expect((await failure(bare.send("M1"))).class).not.toBe("permanent");
    expect(bare.kis.received).toEqual([]);
  });
});

describe("the certificate files", () => {
  test("are read anew without a restart, and not while certificate and key do not fit", async () => {
    const live = { cert: join(directory, "cert.pem"), key: join(directory, "key.pem") };
    const use = (pair: Pair, which: readonly ("cert" | "key")[]) =>
      which.forEach((part) => copyFileSync(pair[part], live[part]));
    use(stranger.issue(), ["cert", "key"]);
    await using world = await openWorld({ tls: { ca: ca.cert, ...live } }, receiver(ca.issue(), ca));
    await failure(world.send("M1"));
    const renewed = ca.issue();
    use(renewed, ["cert"]);
    await failure(world.send("M1"));
    expect(world.logged.map(({ event }) => event)).toContain("tls.reload_refused");
    use(renewed, ["key"]);
    await world.send("M1");
    expect(world.logged.map(({ event }) => event)).toContain("tls.reloaded");
  });

  test("are read anew by the port of application acknowledgements, too", async () => {
    const live = { cert: join(directory, "acks-cert.pem"), key: join(directory, "acks-key.pem") };
    const use = (pair: Pair) => (["cert", "key"] as const).forEach((part) => copyFileSync(pair[part], live[part]));
    const port = await freePort("127.0.0.1");
    const kis = ca.issue();
    const own = { cert: ca.read(kis.cert), key: ca.read(kis.key) };
    const serial = async () => {
      const socket = connectTls({ host: "127.0.0.1", port, ca: ca.read(ca.cert), ...own });
      await once(socket, "secureConnect");
      const shown = socket.getPeerX509Certificate()?.serialNumber;
      socket.destroy();
      return shown;
    };
    use(ca.issue());
    await using world = await openWorld({ application_acks: { port }, tls: { ca: ca.cert, ...live } });
    await world.destination.check(NEVER).catch(() => undefined);
    const before = await serial();
    use(ca.issue());
    expect(await serial()).not.toBe(before);
    const nameless = connectTls({ host: "127.0.0.1", port, ca: ca.read(ca.cert) });
    await expect(once(nameless, "end")).rejects.toMatchObject({
      code: expect.stringContaining("CERTIFICATE_REQUIRED"),
    });
  });

  test("that cannot be used are refused when the channel opens, and named", () => {
    const open = (tls: object) =>
      mllpDestination.open(mllpDestination.config.parse({ type: "mllp", host: "h", port: 1, tls }), {
        channel: "c",
        destination: "d",
        log: () => undefined,
        count: () => undefined,
        gauge: () => undefined,
        applyToDirectory: () => Promise.reject(new Error("not here")),
      });
    const [one, other] = [ca.issue(), ca.issue()];
    for (const tls of [{ ca: join(directory, "absent") }, { cert: one.cert, key: other.key }]) {
      expect(() => open(tls)).toThrow(
        expect.objectContaining({
          code: "CONFIG_INVALID",
          message: expect.stringContaining(Object.values(tls)[0] ?? ""),
        }),
      );
    }
  });

  test("tell how long they hold, and warn in the last 30 days", async () => {
    await using world = await openWorld(
      { tls: { ca: ca.cert, ...ca.issue("IP:127.0.0.1", 10) } },
      receiver(ca.issue("IP:127.0.0.1", 20), ca),
    );
    await world.send("M1");
    const days = (role: string) => (world.gauges.get(`certificate_expires_seconds ${role}`)?.() ?? NaN) / 86_400;
    expect(Math.round(days("own"))).toBe(10);
    expect(Math.round(days("peer"))).toBe(20);
    expect(days("ca")).toBeGreaterThan(3_000);
    const warnings = world.logged
      .filter(({ event }) => event === "tls.certificate_expires")
      .map(({ fields }) => fields);
    expect(warnings).toEqual([
      { certificate: "own", days: 9 },
      { certificate: "peer", days: 19 },
    ]);
    await world.destination.close();
    expect(world.gauges.get("certificate_expires_seconds own")?.()).toBeUndefined();
  });
});
