import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { issueServer, makeAuthority, type Issued } from "#src/wire/tls/own-authority.ts";

const NAME = "Botenstoff at Klinik Süd";
const HOSTS = ["localhost", "127.0.0.1", "::1", "2001:db8::1:2"];

describe("an authority of our own", () => {
  let authority: Issued;
  let server: Issued;
  let folder: string;
  beforeAll(async () => {
    authority = makeAuthority({ name: NAME, from: new Date(), days: 3_650 });
    const signer = { name: NAME, key: createPrivateKey(authority.key) };
    server = issueServer(signer, { name: "localhost", hosts: HOSTS, from: new Date(), days: 397 });
    folder = await mkdtemp(join(tmpdir(), "botenstoff-authority-"));
    await writeFile(join(folder, "ca.pem"), authority.cert);
    await writeFile(join(folder, "server.pem"), server.cert);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("signs a certificate that OpenSSL accepts strictly, for a server and for nothing else", () => {
    const verify = (...more: string[]) =>
      execFileSync("openssl", ["verify", "-x509_strict", "-CAfile", "ca.pem", ...more, "server.pem"], {
        cwd: folder,
        encoding: "utf8",
        stdio: "pipe",
      });
    expect(verify("-purpose", "sslserver", "-verify_hostname", "localhost")).toContain("server.pem: OK");
    expect(() => verify("-purpose", "sslclient")).toThrow();
    expect(() => verify("-verify_hostname", "elsewhere.example")).toThrow();
  });

  test("names every host, and fits its key", () => {
    const read = new X509Certificate(server.cert);
    expect(read.subjectAltName?.toLowerCase()).toBe(
      "dns:localhost, ip address:127.0.0.1, ip address:0:0:0:0:0:0:0:1, ip address:2001:db8:0:0:0:0:1:2",
    );
    expect(read.checkPrivateKey(createPrivateKey(server.key))).toBe(true);
    expect(read.ca).toBe(false);
    expect(new X509Certificate(authority.cert).ca).toBe(true);
    expect(read.validToDate.getTime()).toBeGreaterThan(Date.now() + 396 * 86_400_000);
  });

  test("is trusted by a client that was given its certificate", async () => {
    const listening = createServer({ cert: server.cert, key: server.key }, (_request, response) => response.end("ok"));
    listening.listen(0, "127.0.0.1");
    await once(listening, "listening");
    const { port } = listening.address() as AddressInfo;
    const asked = request({ host: "127.0.0.1", port, ca: authority.cert, agent: false });
    asked.end();
    const [response] = (await once(asked, "response")) as [{ statusCode: number; resume(): void }];
    response.resume();
    listening.close();
    expect(response.statusCode).toBe(200);
  });

  test("may hold beyond 2049, when years get four digits", () => {
    const long = makeAuthority({ name: NAME, from: new Date("2049-06-01T00:00:00Z"), days: 400 });
    expect(new X509Certificate(long.cert).validToDate.getUTCFullYear()).toBe(2050);
  });
});
