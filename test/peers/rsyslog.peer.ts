import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Who } from "#src/audit/journal.ts";
import { syslogOf } from "#src/audit/syslog.ts";
import { freePort } from "#src/demo/free-port.ts";
import type { JournalRow } from "#src/store/sql/journal.ts";
import { sendSyslog } from "#src/wire/syslog/send.ts";
import { openTls, type OpenTls } from "#src/wire/tls/client-tls.ts";
import { createAuthority } from "../support/certificates.ts";

/** The driver is a package of its own: rsyslog-openssl. */
const installed =
  spawnSync("rsyslogd", ["-v"]).status === 0 && globSync("/usr/lib/{,*/}rsyslog/lmnsd_ossl.so").length > 0;

const WHO: Who = {
  ...{ subject: "clara", provider: "staff", name: 'Clara "Klär" [K]', roles: ["clerk"] },
  ...{ session: null, address: "10.1.2.3" },
};
const line = (seq: number): JournalRow => ({
  ...{ seq, at: new Date("2026-11-23T12:00:00.123Z"), action: "content.read", actor: "staff:ab", subject: `m-${seq}` },
  ...{ detail: { reason: 'a]b"c\\d' }, salt: Buffer.alloc(16), hash: Buffer.alloc(32, 0xab), who: null },
});

(installed ? describe : describe.skip)(
  `rsyslog over TLS ${installed ? "" : "(rsyslog and rsyslog-openssl not installed: skipped) "}`,
  () => {
    let folder: string;
    let server: ChildProcess;
    let tls: OpenTls;
    let port: number;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), "rsyslog-"));
      port = await freePort("127.0.0.1");
      const authority = createAuthority("House CA");
      const { cert, key } = authority.issue("syslog.example");
      const files = { "ca.pem": authority.cert, "cert.pem": cert, "key.pem": key };
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
      writeFileSync(
        join(folder, "rsyslog.conf"),
        [
          `global(workDirectory="${folder}" maxMessageSize="8k" defaultNetstreamDriver="ossl"`,
          `  defaultNetstreamDriverCAFile="${folder}/ca.pem" defaultNetstreamDriverCertFile="${folder}/cert.pem"`,
          `  defaultNetstreamDriverKeyFile="${folder}/key.pem")`,
          'module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon")',
          `input(type="imtcp" address="127.0.0.1" port="${port}")`,
          String.raw`template(name="parts" type="string" string="%app-name% %msgid% %structured-data% %msg%\n")`,
          `action(type="omfile" file="${folder}/journal.log" template="parts")`,
        ].join("\n"),
      );
      server = spawn("rsyslogd", ["-n", "-f", join(folder, "rsyslog.conf"), "-i", join(folder, "pid")], {
        stdio: "ignore",
      });
      tls = openTls({ ca: join(folder, "ca.pem") }, { log: () => undefined, gauge: () => undefined });
    });
    afterAll(async () => {
      tls.close();
      if (server.exitCode === null) {
        server.kill();
        await once(server, "exit");
      }
      rmSync(folder, { recursive: true });
    });

    test("takes every line in both formats, its structured data and its AuditEvent whole", async () => {
      const receiver = { host: "127.0.0.1", port, tls: tls.client, timeoutMs: 10_000 };
      const lines = [1, 2, 3].map((seq) => syslogOf(line(seq), WHO, seq === 2 ? "structured" : "fhir"));
      // It listens a moment after it has started.
      while (
        !(await sendSyslog(receiver, lines).then(
          () => true,
          () => false,
        ))
      )
        await sleep(200);
      const written = () => {
        try {
          return readFileSync(join(folder, "journal.log"), "utf8").trimEnd().split("\n");
        } catch {
          return [];
        }
      };
      while (written().length < 3) await sleep(100);
      const [first = "", second = "", third = ""] = written();
      const event = first.slice(first.indexOf("] ") + 1);
      expect(JSON.parse(event)).toMatchObject({ resourceType: "AuditEvent", agent: [{ name: WHO.name }] });
      expect(first).toMatch(/^botenstoff content\.read \[journal@32473 seq="1" /);
      expect(second).toContain(String.raw`name="Clara \"Klär\" [K\]"`);
      expect(second).toContain(String.raw`[detail@32473 reason="a\]b\"c\\d"]`);
      expect(third).toContain('seq="3"');
    });
  },
);
