import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { joinStatus, OUTBOUND_STATES, type OutboundStatus } from "#src/message/outbound-status.ts";
import { change, createIntakeHarness, HOUR_MS, NUMBERS, text, value, type IntakeHarness } from "./intake-harness.ts";

const PHONE = "4915112345678";
let harness: IntakeHarness;
beforeAll(async () => {
  harness = await createIntakeHarness();
});
afterEach(() => harness.clear());
afterAll(() => harness.close());

const statuses = (...reports: object[]) => change(value({ statuses: reports }));
const known = () =>
  harness.rows<{ state: string; codes: string[] }>("SELECT state, codes FROM outbound_status ORDER BY id");
const reportOf = ({ status }: { status: string }): OutboundStatus => ({
  state: status as OutboundStatus["state"],
  at: "",
  codes: [],
});
const count = async (table: string) =>
  (await harness.rows<{ count: number }>(`SELECT count(*)::bigint AS count FROM ${table}`))[0]?.count;

describe("statuses", () => {
  test("end as the same state whatever order, batches and repetition they arrive in", async () => {
    const second = fc.integer({ min: 1_795_500_000, max: 1_795_500_009 });
    const report = fc.record({
      id: fc.constantFrom("wamid.A", "wamid.B"),
      status: fc.constantFrom(...OUTBOUND_STATES, "deleted"),
      timestamp: fc.oneof(second, second.map(String)),
    });
    const arrivals = fc
      .uniqueArray(report, { minLength: 1, maxLength: 8, selector: ({ id, status }) => `${id} ${status}` })
      .chain((reports) =>
        fc.tuple(
          fc.constant(reports),
          fc.array(fc.shuffledSubarray(reports, { minLength: 1 }), { maxLength: 3 }),
          fc.shuffledSubarray(reports, { minLength: reports.length }),
        ),
      );
    await fc.assert(
      fc.asyncProperty(arrivals, async ([reports, early, rest]) => {
        await harness.clear();
        for (const batch of [...early, rest]) await harness.take(statuses(...batch));
        const ends = Map.groupBy(
          reports.filter(({ status }) => status !== "deleted"),
          ({ id }) => id,
        );
        const expected = [...ends.values()].map((all) => all.map(reportOf).reduce(joinStatus).state);
        expect((await known()).map(({ state }) => state).sort()).toEqual(expected.sort());
        expect(await count("notice")).toBe(reports.length);
      }),
      { numRuns: 25 },
    );
  });

  test("each participant of a group has their own", async () => {
    const of = (status: string, participant: string) => ({ id: "w", status, recipient_participant_id: participant });
    await harness.take(statuses(of("read", "DE.1"), of("sent", "DE.2")));
    expect((await known()).map(({ state }) => state).sort()).toEqual(["read", "sent"]);
  });

  test("many reports of one message arriving at once are one commit and one row", async () => {
    const reports = ["sent", "delivered", "read"].map((status) => statuses({ id: "w", status }));
    await Promise.all([...reports, ...reports].map((body) => harness.take(body)));
    expect(await known()).toEqual([{ state: "read", codes: [] }]);
    expect(await count("notice")).toBe(3);
  });

  test("repeated weeks later, after their epoch is gone, change nothing and count once", async () => {
    const body = statuses({ id: "w", status: "failed", errors: [{ code: 131047 }] });
    await harness.take(body);
    harness.world.now += 30 * 24 * HOUR_MS;
    await harness.store.query("TRUNCATE notice");
    await harness.take(body);
    await harness.take(statuses({ id: "w", status: "sent" }));
    expect(await known()).toEqual([{ state: "failed", codes: ["131047"] }]);
    expect(await count("notice")).toBe(1);
    expect(await harness.metrics.render()).toContain(
      'botenstoff_outbound_failures_total{channel="first",code="131047"} 1\n',
    );
  });

  test("open no lane and wake nobody", async () => {
    await harness.take(statuses({ id: "w", status: "sent" }));
    expect([await count("lane"), await count("message"), harness.woken]).toEqual([0, 0, []]);
    expect(await count("event")).toBe(1);
  });
});

describe("operator events", () => {
  test("are logged and counted by name and code, and sealed otherwise", async () => {
    await harness.take(change({ event: "ACCOUNT_RESTRICTION", phone_number: PHONE }, "account_update"));
    await harness.take(change(value({ errors: [{ code: 131035, title: `lost ${PHONE}` }] })));
    expect(harness.logged.map(([level, event, fields]) => [level, event, fields])).toMatchObject([
      ["warn", "operator.event", { channel: "first", field: "account_update", code: "ACCOUNT_RESTRICTION" }],
      ["error", "operator.event", { field: "errors", code: "131035", errors: "131035" }],
    ]);
    const metrics = await harness.metrics.render();
    expect(metrics).toContain(
      'botenstoff_operator_events_total{channel="first",field="account_update",level="warn"} 1',
    );
    expect(metrics).toContain('botenstoff_operator_events_total{channel="first",field="errors",level="error"} 1');
    const rows = await harness.rows<{ row: string }>("SELECT notice::text AS row FROM notice");
    for (const trace of [JSON.stringify(rows), JSON.stringify(harness.logged), metrics]) {
      expect(trace).not.toContain(PHONE);
      expect(trace).not.toContain(Buffer.from(PHONE).toString("hex"));
    }
  });

  test("repeated are neither stored nor told again", async () => {
    const body = change({ event: "PIN_CHANGED" }, "security");
    await Promise.all([harness.take(body), harness.take(body)]);
    await harness.take(body);
    expect(await count("notice")).toBe(1);
    expect(harness.logged).toHaveLength(1);
  });
});

describe("one body for several numbers", () => {
  const body = {
    entry: [
      ...change(value({ messages: [text("wamid.1")], statuses: [{ id: "w", status: "sent" }] })).entry,
      ...change(value({ messages: [text("wamid.2")], statuses: [{ id: "w", status: "read" }] }, NUMBERS.second)).entry,
      ...change(value({ messages: [text("wamid.3")], statuses: [{ id: "w", status: "sent" }] }, "999")).entry,
    ],
  };
  const messages = () =>
    harness.rows<{ channel: string; state: string; reason: string | null }>(
      "SELECT channel, state, reason FROM message ORDER BY seq",
    );

  test("ends at the channels that own them; what nobody owns is held where it came in", async () => {
    const { messages: taken } = await harness.take(body);
    expect(taken).toHaveLength(3);
    expect(await messages()).toEqual([
      { channel: "first", state: "received", reason: null },
      { channel: "first", state: "held", reason: "foreign_number" },
      { channel: "second", state: "received", reason: null },
    ]);
    expect(await harness.rows("SELECT channel, event FROM notice ORDER BY channel, event, seq")).toEqual([
      { channel: "first", event: "sent" },
      { channel: "second", event: "read" },
    ]);
    expect(harness.woken.sort()).toEqual(["first", "second"]);
    expect(await count("event")).toBe(1);
  });

  test("is the same message when it is sent to its own channel's webhook as well", async () => {
    const { messages: taken } = await harness.take(body);
    const again = await harness.take(change(value({ messages: [text("wamid.2")] }, NUMBERS.second)));
    expect(again.messages).toEqual([{ id: taken[2]?.id, duplicate: true }]);
  });

  test("is stored whole or not at all", async () => {
    await harness.store.query("ALTER TABLE outbound_status ADD CONSTRAINT none CHECK (channel <> 'second')");
    try {
      await expect(harness.take(body)).rejects.toThrow();
      for (const table of ["message", "notice", "event", "seen", "lane", "outbound_status"])
        expect([table, await count(table)]).toEqual([table, 0]);
    } finally {
      await harness.store.query("ALTER TABLE outbound_status DROP CONSTRAINT none");
    }
    expect((await harness.take(body)).messages.every(({ duplicate }) => !duplicate)).toBe(true);
  });
});
