import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { accessFile } from "#src/access/settings.ts";
import { startSweep } from "#src/access/sweep.ts";
import { verifyJournal } from "#src/audit/verify.ts";
import { journalEntries } from "#src/store/sql/journal.ts";
import { createAccessHarness, type AccessHarness } from "./harness.ts";

interface Line {
  readonly seq: number;
  readonly action: string;
  readonly actor: string;
  readonly subject: string;
  readonly who: { readonly name: string; readonly roles: string[]; readonly address: string } | null;
}

let harness: AccessHarness;
let id: string;
beforeAll(async () => {
  harness = await createAccessHarness();
  ({ id } = await harness.put());
  const clerk = await harness.person("clara");
  await clerk.get(`/api/v1/messages/${id}?content=true`);
});
afterAll(() => harness.close());

async function lines(query = ""): Promise<Line[]> {
  const auditor = await harness.person("axel");
  const answer = await auditor.get(`/api/v1/journal${query}`);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { items: Line[] }).items;
}

/** One round of forgetting, by settings as the file has them. */
async function sweep(journal: object): Promise<void> {
  const swept = startSweep({
    ...{ store: harness.store, settings: accessFile.parse({ journal }), now: () => Date.now() + 60_000 },
    ...{ metrics: { gauge: () => undefined }, log: () => undefined, sweepSessions: () => Promise.resolve() },
  });
  await swept.stop();
}

test("the journal names who read what, to whoever may read it", async () => {
  expect(await lines(`?action=content.read&subject=${id}`)).toMatchObject([
    { action: "content.read", subject: id, who: { name: "Clara Klar", roles: ["clerk"], address: "127.0.0.1" } },
  ]);
  const [sought] = await lines("?action=content.read");
  expect(await lines(`?actor=${encodeURIComponent(sought?.actor ?? "")}&action=session.begun`)).toMatchObject([
    { who: { name: "Clara Klar" } },
  ]);
  expect(await lines("?until=2020-01-01T00:00:00Z")).toEqual([]);
});

test("reading the journal is in the journal", async () => {
  await lines("?action=content.read");
  const [read] = await lines("?action=journal.read");
  expect(read).toMatchObject({ action: "journal.read", who: { name: "Axel Audit" } });
});

test("names are sealed in the database; nothing else of a line is personal", async () => {
  const { rows } = await harness.store.query<{ text: string }>("SELECT journal::text AS text FROM journal");
  expect(rows.length).toBeGreaterThan(3);
  for (const word of ["clara", "Klar", "axel", "127.0.0.1", Buffer.from("Klar").toString("hex")])
    expect(rows.map(({ text }) => text).join("\n")).not.toContain(word);
});

test("the chain covers who it was, and still holds once names of an age are forgotten", async () => {
  const check = () => verifyJournal(journalEntries(harness.store));
  expect(await check()).toMatchObject({ ok: true });
  const { rows } = await harness.store.query<{ seq: number; actor: string; who: Buffer }>(
    "SELECT seq, actor, who FROM journal ORDER BY seq LIMIT 2",
  );
  await harness.store.query("UPDATE journal SET who = $1 WHERE seq = $2", [rows[1]!.who, rows[0]!.seq]);
  expect(await check()).toEqual({ ok: false, seq: 1, reason: "it was not this person" });
  await harness.store.query("UPDATE journal SET who = $1 WHERE seq = $2", [rows[0]!.who, rows[0]!.seq]);
  await sweep({ names_kept_of: { sign_ins: "PT0S" } });
  expect(await lines("?action=session.begun&until=2999-01-01T00:00:00Z")).toContainEqual(
    expect.objectContaining({ actor: rows[0]!.actor, who: null }),
  );
  expect(await lines("?action=content.read")).toMatchObject([{ who: { name: "Clara Klar" } }]);
  await sweep({ names_kept: "PT0S" });
  expect(await check()).toMatchObject({ ok: true });
  const old = await lines("?action=content.read");
  expect(old).toMatchObject([{ who: null }]);
});

test("a page of it is a Bundle of AuditEvents", async () => {
  const clerk = await harness.person("clara");
  await clerk.get(`/api/v1/messages/${id}?content=true`);
  const auditor = await harness.person("axel");
  const answer = await auditor.get("/api/v1/journal/audit-events?action=content.read&limit=1");
  expect(answer.headers.get("content-type")).toContain("application/fhir+json");
  expect(await answer.json()).toMatchObject({
    resourceType: "Bundle",
    type: "collection",
    link: [{ relation: "next" }],
    entry: [
      {
        resource: {
          resourceType: "AuditEvent",
          action: "R",
          outcome: "0",
          agent: [{ requestor: true, name: "Clara Klar", network: { address: "127.0.0.1" } }],
          entity: [{ what: { identifier: { value: id } } }],
        },
      },
    ],
  });
});
