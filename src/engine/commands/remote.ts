import { askEngine } from "./ask-engine.ts";
import { JSON_FLAG, write, type Command, type Given } from "./command.ts";
import { ASKS_ENGINE, listing, writeDetail, type Row } from "./listing.ts";

/** What a running engine tells by its API. */
export const REMOTE_COMMANDS: readonly Command[] = [
  listing({
    name: "messages",
    summary: "lists messages, newest first",
    path: "/api/v1/messages",
    options: {
      state: "received, held, filtered, routed, failed, filed, withdrawn or purged",
      channel: "of one channel only",
      "external-id": "the source's own id, e.g. a wamid",
      after: "where the page before ended",
      limit: "at most this many",
    },
    columns: ["id", "channel", "kind", "state", "reason", "received_at"],
  }),
  {
    name: "message",
    summary: "shows one message: history, deliveries, last error",
    details: ASKS_ENGINE,
    words: { name: "id", least: 1, most: 1 },
    flags: JSON_FLAG,
    run: (given) =>
      show(given, "messages", {
        history: ["state", "at"],
        deliveries: ["destination", "purpose", "state", "attempts", "last_error"],
        attachments: ["id", "verdict", "type", "bytes"],
      }),
  },
  listing({
    name: "lanes",
    summary: "lists conversations with open work: those that wait for a person first",
    path: "/api/v1/lanes",
    options: {
      state: "parked, retrying, working or waiting",
      channel: "of one channel only",
      stage: "prepare, or the id of a destination",
      code: "its head's error, e.g. DESTINATION_REFUSED",
      limit: "at most this many",
    },
    columns: ["id", "state", "open", "failures", "due_in_ms", "code", "opened_at"],
  }),
  {
    name: "lane",
    summary: "explains why a lane waits: its head, the error with its remedy, what waits behind",
    details: ASKS_ENGINE,
    words: { name: "id", least: 1, most: 1 },
    flags: JSON_FLAG,
    run: (given) =>
      show(given, "lanes", {
        behind: ["message", "kind", "received_at", "delivery", "attempts"],
        elsewhere: ["id", "stage", "state", "open"],
        breakers: ["engine", "failures", "probe_in_ms"],
      }),
  },
  listing({
    name: "channels",
    summary: "lists the channels, running and refused",
    path: "/api/v1/channels",
    options: {},
    columns: ["id", "state", "title", "paused", "problems"],
  }),
  listing({
    name: "engines",
    summary: "lists the engines on this database: leases, clocks, disk",
    path: "/api/v1/engines",
    options: {},
    columns: ["id", "state", "version", "seen_at", "clock_ahead_ms", "leases", "channels", "disk_free"],
  }),
  listing({
    name: "certificates",
    summary: "lists when certificates end, soonest first",
    path: "/api/v1/certificates",
    options: {},
    columns: ["channel", "connector", "role", "expires_at", "engine"],
  }),
  listing({
    name: "notices",
    summary: "lists what providers tell operators, newest first",
    path: "/api/v1/notices",
    options: {
      channel: "of one channel only",
      after: "where the page before ended",
      limit: "at most this many",
    },
    columns: ["id", "channel", "field", "kind", "received_at"],
  }),
  listing({
    name: "alerts",
    summary: "lists alerts, open ones first",
    path: "/api/v1/alerts",
    options: { limit: "at most this many" },
    columns: ["id", "rule", "subject", "severity", "opened_at", "acknowledged_at", "closed_at"],
  }),
  listing({
    name: "rehomings",
    summary: "lists what was filed before its patient or case changed, for the KIS to check",
    path: "/api/v1/rehomings",
    options: { after: "where the page before ended", limit: "at most this many" },
    columns: ["message", "channel", "at", "kind", "destinations", "withdrawn_at"],
  }),
  listing({
    name: "purges",
    summary: "lists purges, newest first",
    path: "/api/v1/purges",
    options: { limit: "at most this many" },
    columns: ["id", "epoch", "destroyed", "survivors", "at"],
  }),
];

async function show(
  { words: [id = ""], flags }: Given,
  noun: string,
  lists: Readonly<Record<string, readonly string[]>>,
): Promise<number> {
  const thing = (await askEngine("GET", `/api/v1/${noun}/${encodeURIComponent(id)}`)) as Row;
  if (flags.has("json")) write(JSON.stringify(thing));
  else writeDetail(thing, lists);
  return 0;
}
