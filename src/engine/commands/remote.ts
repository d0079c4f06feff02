import { askEngine } from "./ask-engine.ts";
import { JSON_FLAG, write, type Command, type Given } from "./command.ts";
import { table } from "./table.ts";

type Row = Readonly<Record<string, unknown>>;

const DETAILS =
  "Asks the engine at BOTENSTOFF_URL (default http://127.0.0.1:8080) with BOTENSTOFF_API_TOKEN. Shows ids, states and\ncodes, never content.";
const ACTIONS = ["reprocess"] as const;

/** The commands that ask a running engine by its API. */
export const REMOTE_COMMANDS: readonly Command[] = [
  list({
    name: "messages",
    summary: "lists messages, newest first",
    path: "/api/v1/messages",
    options: {
      state: "received, held, filtered, routed, failed, filed or purged",
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
    details: `${DETAILS}\n--do reprocess has it processed again.`,
    words: { name: "id", least: 1, most: 1 },
    options: { do: `what to do with it: ${ACTIONS.join(", ")}` },
    flags: JSON_FLAG,
    run: showMessage,
  },
  list({
    name: "channels",
    summary: "lists the channels, running and refused",
    path: "/api/v1/channels",
    options: {},
    columns: ["id", "state", "title", "problems"],
  }),
  list({
    name: "alerts",
    summary: "lists alerts, open ones first",
    path: "/api/v1/alerts",
    options: { limit: "at most this many" },
    columns: ["id", "rule", "subject", "severity", "opened_at", "acknowledged_at", "closed_at"],
  }),
  list({
    name: "purges",
    summary: "lists purges, newest first",
    path: "/api/v1/purges",
    options: { limit: "at most this many" },
    columns: ["id", "epoch", "destroyed", "survivors", "finished_at"],
  }),
];

interface ListCommand {
  readonly name: string;
  readonly summary: string;
  readonly path: string;
  readonly options: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
}

function list({ name, summary, path, options, columns }: ListCommand): Command {
  return {
    name,
    summary,
    details: DETAILS,
    options,
    flags: JSON_FLAG,
    run: async ({ flags, options: given }) => {
      const query = new URLSearchParams(
        Object.entries(given).map(([option, value]): [string, string] => [option.replaceAll("-", "_"), value]),
      );
      const answer = (await askEngine("GET", `${path}?${query.toString()}`)) as { items: Row[]; next?: string | null };
      if (flags.has("json")) write(JSON.stringify(answer));
      else {
        for (const line of table(columns, answer.items)) write(line);
        if (answer.next) write(`more: --after ${answer.next}`);
      }
      return 0;
    },
  };
}

async function showMessage({ words: [id = ""], options, flags }: Given): Promise<number> {
  const path = `/api/v1/messages/${encodeURIComponent(id)}`;
  const { do: action } = options;
  if (action !== undefined && !(ACTIONS as readonly string[]).includes(action)) {
    process.stderr.write(`botenstoff message: no action "${action}"; there is ${ACTIONS.join(", ")}\n`);
    return 2;
  }
  const message = (await (action === undefined
    ? askEngine("GET", path)
    : askEngine("POST", `${path}/${action}`))) as Row;
  if (flags.has("json")) {
    write(JSON.stringify(message));
    return 0;
  }
  const { history, deliveries, attachments, ...plain } = message;
  for (const [name, value] of Object.entries(plain)) write(`${name.padEnd(14)} ${shown(value)}`);
  section("history", history, ["state", "at"]);
  section("deliveries", deliveries, ["destination", "purpose", "state", "attempts", "last_error"]);
  section("attachments", attachments, ["id", "verdict", "type", "bytes"]);
  return 0;
}

function section(title: string, rows: unknown, columns: readonly string[]): void {
  if (!Array.isArray(rows) || rows.length === 0) return;
  write(`\n${title}`);
  for (const line of table(columns, rows as Row[])) write(`  ${line}`);
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
