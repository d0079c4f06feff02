import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { startJournalFeed } from "#src/audit/feed.ts";
import { record, type Who } from "#src/audit/journal.ts";
import { syslogOf, type SyslogFormat } from "#src/audit/syslog.ts";
import { sealWho } from "#src/audit/who.ts";
import type { JournalRow } from "#src/store/sql/journal.ts";
import { sendSyslog } from "#src/wire/syslog/send.ts";
import { openTls } from "#src/wire/tls/client-tls.ts";
import { createAuthority } from "../support/certificates.ts";
import { createTestStore, type TestStore } from "../support/database.ts";
import { createTestKeys, type TestKeys } from "../support/keys.ts";
import { startReceiver } from "./syslog-receiver.ts";

const WHO: Who = {
  ...{ subject: "clara", provider: "staff", name: 'Clara "Klär" [K]', roles: ["clerk", "approver"] },
  ...{ session: "5d1c3a52-0000-4000-8000-000000000001", address: "10.1.2.3" },
};
const ROW: JournalRow = {
  ...{ seq: 7, at: new Date("2026-11-23T12:00:00.123Z"), action: "content.read", actor: "staff:ab12", subject: "m-1" },
  ...{
    detail: { reason: 'a]b"c\\d\ne', who: "00ff" },
    salt: Buffer.alloc(16),
    hash: Buffer.alloc(32, 0xab),
    who: null,
  },
};

describe("a line of the journal as a syslog message", () => {
  const HEAD = /^<85>1 2026-11-23T12:00:00\.123Z [!-~]{1,255} botenstoff - content\.read /;

  test("has the header of RFC 5424, and its place in the chain as structured data", () => {
    for (const format of ["fhir", "structured"] as const) {
      const text = syslogOf(ROW, WHO, format).toString();
      expect(text).toMatch(HEAD);
      expect(text).toContain(`[journal@32473 seq="7" hash="${"ab".repeat(32)}" actor="staff:ab12" subject="m-1"]`);
    }
  });

  test("is a FHIR AuditEvent behind it, or says the rest as structured data with what ends a value escaped", () => {
    const event = syslogOf(ROW, WHO, "fhir").toString().split("] ").slice(1).join("] ");
    expect(JSON.parse(event)).toMatchObject({ resourceType: "AuditEvent", agent: [{ name: WHO.name }] });
    const text = syslogOf(ROW, WHO, "structured").toString();
    expect(text).toContain(String.raw`name="Clara \"Klär\" [K\]" roles="clerk approver"`);
    expect(text).toContain(String.raw`[detail@32473 reason="a\]b\"c\\d e"]`);
    expect(text).toMatch(/ content\.read m-1$/);
  });

  test("without a name says none, and never breaks over two lines", () => {
    const texts = (["fhir", "structured"] as const).map((format) => syslogOf(ROW, null, format).toString());
    for (const text of texts) expect(text).not.toMatch(/Clara|[\r\n]/);
  });
});

describe("the journal over TLS", () => {
  const authority = createAuthority("House CA");
  const issued = authority.issue("syslog.example");
  let database: TestStore;
  let keys: TestKeys;
  let folder: string;
  let receiver: Awaited<ReturnType<typeof startReceiver>>;
  const logged: string[] = [];
  let behind: () => number | undefined;

  beforeAll(async () => {
    keys = await createTestKeys();
    folder = mkdtempSync(join(tmpdir(), "botenstoff-syslog-"));
    writeFileSync(join(folder, "ca.pem"), authority.cert);
    writeFileSync(join(folder, "other.pem"), createAuthority("Another CA").cert);
  });
  beforeEach(async () => {
    database = await createTestStore();
    receiver = await startReceiver(issued);
    logged.length = 0;
  });
  afterEach(async () => {
    await receiver.close();
    await database[Symbol.asyncDispose]();
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await keys[Symbol.asyncDispose]();
  });

  const write = async (...subjects: string[]) => {
    for (const subject of subjects) {
      const entry = { at: new Date().toISOString(), action: "content.read" as const, actor: "staff:ab", subject };
      const who = sealWho(keys.sealer, WHO);
      await database.store.transaction((db) => record(db, { ...entry, detail: {}, who }));
    }
  };
  const feed = (owner = "one", ca = "ca.pem", format: SyslogFormat = "fhir") => {
    const port = receiver.port;
    const tls = openTls({ ca: join(folder, ca) }, { log: () => undefined, gauge: () => undefined });
    const started = startJournalFeed(
      {
        ...{ store: database.store, sealer: keys.sealer, format, owner, now: Date.now },
        log: (_level, event) => void logged.push(event),
        metrics: { gauge: (_name, _labels, read) => void (behind = read) },
        send: (messages, signal) =>
          sendSyslog({ host: "127.0.0.1", port, tls: tls.client, timeoutMs: 10_000 }, messages, signal),
      },
      50,
    );
    return {
      stop: async () => {
        await started.stop();
        tls.close();
      },
    };
  };
  const subjects = () => receiver.messages.map((text) => / subject="([^"]*)"/.exec(text)?.[1]);
  const until = async (condition: () => boolean) => {
    while (!condition()) await sleep(20);
  };

  test("arrives with the names, in order, each line once, however often the engine starts", async () => {
    await write("a", "b");
    const first = feed();
    await until(() => receiver.messages.length === 2 && behind() === 0);
    await write("c");
    await until(() => receiver.messages.length === 3 && behind() === 0);
    await first.stop();
    await write("d");
    const second = feed("two", "ca.pem", "structured");
    await until(() => receiver.messages.length === 4 && behind() === 0);
    await second.stop();
    expect(subjects()).toEqual(["a", "b", "c", "d"]);
    expect(receiver.messages[0]).toContain("Clara");
    expect(logged).toEqual([]);
  });

  test("waits while the receiver is away, says so once, tells for how long, and follows by itself", async () => {
    const { port } = receiver;
    await receiver.close();
    await write("a", "b");
    const running = feed();
    await until(() => logged.length > 0 && (behind() ?? 0) > 0.5);
    expect(logged).toEqual(["journal.not_sent"]);
    receiver = await startReceiver(issued, port);
    await until(() => behind() === 0);
    await running.stop();
    expect(subjects()).toEqual(["a", "b"]);
    expect(logged).toEqual(["journal.not_sent", "journal.sent_again"]);
  });

  test("loses nothing to a receiver that breaks off in the middle: what is in doubt is sent again", async () => {
    receiver.behave("reset");
    await write("a", "b", "c", "d");
    const running = feed();
    await until(() => logged.includes("journal.not_sent"));
    receiver.behave("read");
    await until(() => behind() === 0);
    await running.stop();
    expect(subjects().slice(-4)).toEqual(["a", "b", "c", "d"]);
  });

  test("does not count as sent what nobody reads", async () => {
    receiver.behave("silent");
    await write("a");
    const tls = openTls({ ca: join(folder, "ca.pem") }, { log: () => undefined, gauge: () => undefined });
    const sending = sendSyslog({ host: "127.0.0.1", port: receiver.port, tls: tls.client, timeoutMs: 300 }, [
      Buffer.from("<85>1 - - - - - -"),
    ]);
    await expect(sending).rejects.toMatchObject({ code: "SYSLOG_UNAVAILABLE" });
    tls.close();
  });

  test("goes to nobody whose certificate another authority signed", async () => {
    await write("a");
    const running = feed("one", "other.pem");
    await until(() => logged.length > 0);
    await running.stop();
    expect(receiver.messages).toEqual([]);
  });

  test("is sent by one of several engines", async () => {
    await write(...Array.from({ length: 30 }, (_, index) => `s${index}`));
    const running = [feed("one"), feed("two"), feed("three")];
    await until(() => receiver.messages.length >= 30 && behind() === 0);
    for (const one of running) await one.stop();
    expect(subjects()).toEqual(Array.from({ length: 30 }, (_, index) => `s${index}`));
  });
});
