import { createInterface } from "node:readline/promises";
import { askEngine } from "./ask-engine.ts";
import { JSON_FLAG, write, type Command, type Given } from "./command.ts";
import { table } from "./table.ts";

const DETAILS = `Asks the engine at BOTENSTOFF_URL (default http://127.0.0.1:8080) with BOTENSTOFF_API_TOKEN. Options narrow the
search, in any combination. "-" for a number asks for it, so that neither the history of the shell nor the list of
processes has it. Shows ids, states and times; the journal keeps that somebody searched, not for what.`;

/** What a person is asked for when he writes "-". */
const ASKED = ["patient-number", "case-number", "phone"] as const;

/** Finds messages by everything they are known by. */
export const FIND_COMMAND: Command = {
  name: "find",
  summary: "finds messages by patient number, case, phone number, time, state and more",
  details: DETAILS,
  options: {
    "patient-number": "a number of the patient's, or -",
    "case-number": "the number of a case, or -",
    phone: "the number it came from, or -",
    from: "received at or after, e.g. 2026-11-01T00:00:00Z",
    until: "received before",
    state: "received, held, filtered, routed, failed, filed, withdrawn or purged",
    reason: "why it is held",
    channel: "of one channel only",
    kind: "text, image, …",
    destination: "it has a delivery there",
    code: "its last error, e.g. DESTINATION_REFUSED",
    "external-id": "the source's own id, e.g. a wamid",
    after: "where the page before ended",
    limit: "at most this many",
  },
  flags: JSON_FLAG,
  run: find,
};

async function find({ options, flags }: Given): Promise<number> {
  const body = Object.fromEntries(
    Object.entries(await complete(options)).map(([name, value]) => [name.replaceAll("-", "_"), value]),
  );
  const answer = (await askEngine("POST", "/api/v1/messages/find", body)) as {
    items: Readonly<Record<string, unknown>>[];
    next: string | null;
  };
  if (flags.has("json")) write(JSON.stringify(answer));
  else {
    for (const line of table(["id", "channel", "kind", "state", "reason", "received_at"], answer.items)) write(line);
    if (answer.next !== null) write(`more: --after ${answer.next}`);
  }
  return 0;
}

async function complete(options: Given["options"]): Promise<Record<string, string>> {
  const completed: Record<string, string> = { ...options };
  const asked = ASKED.filter((name) => options[name] === "-");
  if (asked.length === 0) return completed;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  for (const name of asked) completed[name] = await terminal.question(`${name}: `);
  terminal.close();
  return completed;
}
