import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:http";
import { createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { SMTPServer } from "smtp-server";
import { alertsFile, type AlertsFile } from "#src/alerts/file.ts";
import { watchAlerts } from "#src/alerts/watch.ts";
import type { Sample } from "#src/alerts/evaluate.ts";
import { acknowledgeAlert, addSilence, listAlerts } from "#src/store/sql/alerts.ts";
import { createTestStore, type TestStore } from "../support/database.ts";

const EVERY_MS = 250;
const words = { de: "Ein Gespräch steht", en: "A conversation is stuck" };
const PARKED = "botenstoff_lanes_parked";

interface Mail {
  readonly to: string;
  readonly text: string;
}

/** A real SMTP server that keeps what it is handed. */
async function openMailbox() {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    onData: (stream, session, done) => {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        const to = session.envelope.rcptTo.map(({ address }) => address).join();
        mails.push({ to, text: Buffer.concat(parts).toString("utf8") });
        done();
      });
    },
  });
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  const { port } = server.server.address() as AddressInfo;
  return { mails, port, close: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error("it did not happen");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe("alerts", () => {
  let database: TestStore;
  let mailbox: Awaited<ReturnType<typeof openMailbox>>;
  let value: number;
  let file: AlertsFile;
  const running: { stop(): Promise<void> }[] = [];
  const logged: string[] = [];

  beforeEach(async () => {
    database = await createTestStore();
    mailbox = await openMailbox();
    value = 1;
    logged.length = 0;
    file = fileWith({ targets: [duty()] });
  });
  afterEach(async () => {
    for (const one of running.splice(0)) await one.stop();
    await mailbox.close();
    await database[Symbol.asyncDispose]();
  });

  const duty = (own: object = {}) => ({
    id: "duty",
    mail: { server: `smtp://127.0.0.1:${mailbox.port}`, from: "b@hospital.example", to: ["duty@hospital.example"] },
    ...own,
  });
  const fileWith = (own: object, rule: object = {}) =>
    alertsFile.parse({
      rules: [{ id: "parked", severity: "critical", title: words, remedy: words, metric: PARKED, above: 0, ...rule }],
      ...own,
    });
  const start = () => {
    const samples = (): Promise<Sample[]> =>
      Promise.resolve([{ metric: PARKED, labels: { channel: "a", stage: "chart" }, value }]);
    const metrics = { gauge: () => undefined, count: () => undefined };
    const watched = watchAlerts(
      {
        store: database.store,
        clock: Date.now,
        log: (_level, event) => void logged.push(event),
        metrics,
        samples,
        rules: () => file,
      },
      EVERY_MS,
    );
    running.push(watched);
  };
  const alerts = () => listAlerts(database.store, 10);

  test("are told once when they open and once when they close, however many engines see them", async () => {
    start();
    start();
    await until(() => mailbox.mails.length > 0);
    await until(async () => (await alerts())[0]?.closedAt === null);
    value = 0;
    await until(() => mailbox.mails.some(({ text }) => text.includes("ENTWARNUNG")));
    const subjects = mailbox.mails.map(({ text }) => /Subject:.*?(ALARM|ENTWARNUNG)/.exec(text)?.[1]);
    expect(subjects).toEqual(["ALARM", "ENTWARNUNG"]);
    expect(mailbox.mails[0]).toMatchObject({ to: "duty@hospital.example" });
    expect(await alerts()).toHaveLength(1);
  });

  test("are told again when the mail server was away", async () => {
    const { port } = mailbox;
    await mailbox.close();
    start();
    await until(() => logged.includes("alert.not_told"));
    expect(port).toBeGreaterThan(0);
    mailbox = await openMailbox();
    file = fileWith({ targets: [duty()] });
    await database.store.query("UPDATE alert_telling SET due_at = now()");
    await until(() => mailbox.mails.length === 1);
  });

  test("escalate to those who want it when nobody takes them, and not when somebody does", async () => {
    file = fileWith({ targets: [duty({ id: "head", on: ["escalated"] })] }, { escalate_after: "PT1S" });
    start();
    await until(async () => (await alerts()).length === 1);
    const [alert] = await alerts();
    await database.store.transaction((db) => acknowledgeAlert(db, alert!.id, new Date()));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(mailbox.mails).toEqual([]);
    await database.store.query("UPDATE alert SET acknowledged_at = NULL");
    await until(() => mailbox.mails.length === 1);
    expect(mailbox.mails[0]!.text).toContain("ESKALATION");
  });

  test("are not told in a maintenance window, but when they outlast it", async () => {
    const silence = { id: "6f1c64c5-0d1c-4b0e-9c0e-000000000001", rule: null, reason: "update" };
    await database.store.transaction((db) =>
      addSilence(db, { ...silence, beginsAt: new Date(0), endsAt: new Date(Date.now() + 3_600_000) }),
    );
    start();
    await until(async () => (await alerts()).length === 1);
    await new Promise((resolve) => setTimeout(resolve, 10 * EVERY_MS));
    expect(mailbox.mails).toEqual([]);
    await database.store.query("UPDATE silence SET ends_at = now()");
    await until(() => mailbox.mails.length === 1);
  });

  test("reach a webhook, signed", async () => {
    const bodies: { body: string; signature: unknown }[] = [];
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (part: Buffer) => (body += part.toString("utf8")));
      request.on("end", () => {
        bodies.push({ body, signature: request.headers["x-botenstoff-signature"] });
        response.writeHead(204).end();
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    file = fileWith({ targets: [{ id: "chat", webhook: { url, secret: "s" } }] });
    start();
    await until(() => bodies.length === 1);
    server.close();
    const [{ body, signature } = { body: "", signature: "" }] = bodies;
    expect(signature).toBe(`sha256=${createHmac("sha256", "s").update(body).digest("hex")}`);
    expect(JSON.parse(body)).toMatchObject({ rule: "parked", subject: "channel=a,stage=chart", occasion: "opened" });
  });
});
