import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { loadAlerts } from "#src/alerts/load.ts";
import { METRICS } from "#src/alerts/file.ts";
import { DESTINATION_ERRORS } from "#src/message/errors/destinations.ts";
import { STORE_ERRORS } from "#src/message/errors/store.ts";
import { HOLD_REASONS } from "#src/message/message.ts";
import { MESSAGE_STATES, WITHDRAWALS, type DeliveryState, type MessageState } from "#src/message/state.ts";
import { PARKED_BY_PERSON } from "#src/store/sql/lanes.ts";
import { EVENTS } from "#src/telemetry/events/index.ts";

const [, waits = ""] = readFileSync("docs/operating.md", "utf8").split("## What waits, and what to do\n");
const [list = ""] = waits.split("### What a person can do\n");
/** By the headings. */
const sections = new Map(
  list.split(/^### /m).map((text): [string, string] => [text.split("\n")[0] ?? "", text.replaceAll(/\s+/g, " ")]),
);
const rows = [...sections].flatMap(([heading, text]) =>
  text
    .split(/ - (?=\*\*)/)
    .slice(1)
    .map((row) => ({ heading, row })),
);

/** Where an operator reads about what is in a state; null: nothing in it waits. A new state does not compile without. */
const MESSAGES: Readonly<Record<MessageState, string | null>> = {
  received: "A message is received, and not yet decided",
  held: "A message is held for a person",
  filtered: null,
  routed: "A delivery waits at a destination",
  filed: null,
  withdrawn: "A message is withdrawn",
  failed: "A message is failed",
  purged: null,
};
const DELIVERIES: Readonly<Record<DeliveryState, string | null>> = {
  queued: "A delivery waits at a destination",
  sending: "A delivery waits at a destination",
  retrying: "A delivery waits at a destination",
  accepted: "A delivery waits for its confirmation",
  confirmed: null,
  failed: "A delivery waits at a destination",
  skipped: "A message is failed",
  cancelled: "A message is failed",
};

test("every state in which something can wait has its part of the list", () => {
  for (const state of MESSAGE_STATES) {
    const heading = MESSAGES[state];
    expect([state, heading === null || sections.has(heading)]).toEqual([state, true]);
  }
  for (const [state, heading] of Object.entries(DELIVERIES)) {
    const named = heading === null || new RegExp(`\\b${state}\\b`).test(sections.get(heading) ?? "");
    expect([state, named]).toEqual([state, true]);
  }
});

test("every reason for which a message is held has its row", () => {
  const held = rows.filter(({ heading }) => heading === MESSAGES.held).map(({ row }) => row.split("**")[1] ?? "");
  for (const reason of Object.keys(HOLD_REASONS)) {
    expect([reason, held.some((title) => title.includes(`\`${reason}\``))]).toEqual([reason, true]);
  }
});

test("every reason for which a lane is parked, a delivery fails or is repeated stands in a row", () => {
  const text = rows.map(({ row }) => row).join(" ");
  // A lease that is lost is nobody's wait: another engine has the work. STORE_NEWER starts nothing.
  const { LEASE_LOST: _lost, STORE_NEWER: _newer, ...store } = STORE_ERRORS;
  const reasons = [...Object.keys(DESTINATION_ERRORS), ...Object.keys(store), PARKED_BY_PERSON];
  for (const reason of reasons) expect([reason, text.includes(`\`${reason}\``)]).toEqual([reason, true]);
});

test("every reason of a withdrawal after which a message waits stands in a row", () => {
  const text = sections.get(MESSAGES.withdrawn ?? "") ?? "";
  for (const reason of Object.keys(WITHDRAWALS))
    expect([reason, text.includes(`\`${reason}\``)]).toEqual([reason, true]);
});

test("every row says for how long at most, who is told, and what ends it or what a person can do", () => {
  for (const { heading, row } of rows) {
    // What is held has a longest time and a voice in common, at the head of its part.
    const head = heading === MESSAGES.held ? (sections.get(heading)?.split("- **")[0] ?? "") : "";
    const said = `${head} ${row}`;
    const complete = /at most/i.test(said) && /told/i.test(said) && /(Ends|Do|done): |decides again/.test(said);
    // What says that it is another row's case has that row's words.
    expect([row.slice(0, 60), complete || row.includes(", as above")]).toEqual([row.slice(0, 60), true]);
  }
});

test("every metric, log event and alert that is named there exists", async () => {
  const loaded = await loadAlerts("config/alerts.yaml", {}, "error");
  if (!("alerts" in loaded)) throw new Error("config/alerts.yaml has problems");
  const rules = new Set(loaded.alerts.rules.map(({ id }) => id));
  const text = list.replaceAll(/\s+/g, " ");
  for (const [, name = ""] of text.matchAll(/`(botenstoff_[a-z_]+)/g))
    expect([name, METRICS.has(name)]).toEqual([name, true]);
  const namesAfter = (word: string) =>
    [...text.matchAll(new RegExp(`\\b${word}s? ((?:\`[a-z._-]+\`(?:, | and )?)+)`, "g"))].flatMap(([, names = ""]) =>
      [...names.matchAll(/`([a-z._-]+)`/g)].map(([, name = ""]) => name).filter((name) => !METRICS.has(name)),
    );
  for (const name of namesAfter("log").filter((one) => one.includes(".")))
    expect([name, name in EVENTS]).toEqual([name, true]);
  for (const name of namesAfter("alert")) expect([name, rules.has(name)]).toEqual([name, true]);
  expect(namesAfter("alert").length).toBeGreaterThan(5);
  expect(namesAfter("log").length).toBeGreaterThan(10);
});
