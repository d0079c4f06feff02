import { askEngine } from "./ask-engine.ts";
import { JSON_FLAG, write, type Command, type Given } from "./command.ts";
import { listing, writeDetail, type Row } from "./listing.ts";
import { readTyped, TYPED_DETAILS } from "./read-typed.ts";

const DETAILS = TYPED_DETAILS;
const TASK = { name: "task", least: 1, most: 1 } as const;

/** Deciding who wrote what is held, by the API of a running engine. */
export const CLEARING_COMMANDS: readonly Command[] = [
  listing({
    name: "clearing list",
    summary: "lists what is held as tasks, the longest waiting first",
    path: "/api/v1/clearing",
    options: {
      channel: "of one channel only",
      reason: "something of it is held for this",
      state: "open, proposed, locked or overdue",
      after: "where the page before ended",
      limit: "at most this many",
    },
    columns: ["id", "channel", "state", "messages", "due_at", "overdue"],
  }),
  {
    name: "clearing show",
    summary: "shows a task: what is held, who may have written it, what is proposed",
    details: DETAILS,
    words: TASK,
    flags: JSON_FLAG,
    run: async ({ words: [id = ""], flags }) => show(await askEngine("GET", at(id)), flags),
  },
  {
    name: "clearing assign",
    summary: "says who wrote what is held, by two identifiers",
    details: DETAILS,
    words: TASK,
    options: {
      scope: "once (default), case or always",
      role: "self (default), guardian or proxy",
      evidence: "clerk (default) or in_person",
    },
    flags: JSON_FLAG,
    run: assign,
  },
  {
    name: "clearing approve",
    summary: "confirms what another person proposed, by one identifier",
    details: DETAILS,
    words: TASK,
    flags: JSON_FLAG,
    run: async ({ words: [id = ""], flags }) => {
      const [identifier] = await readTyped(1);
      return decided(await askEngine("POST", at(id, "approve"), { identifier }), flags);
    },
  },
  withBody("code", "uses a code given at admission for who wrote what is held", { code: "as it is printed" }),
  withBody("decline", "takes a proposal off the table", { reason: "why; nothing about the patient" }),
  withBody("unlock", "lets a task be decided again that wrong identifiers have locked", {
    reason: "why; nothing about the patient",
  }),
  withBody("want", "keeps the wish that the sender be asked for something: nothing is sent yet", {
    wanted: "contact_card or code",
  }),
  withBody("reject", "says that what is held is not for this house", {
    reason: "not_our_patient, wrong_number, advertising, abuse or other",
  }),
];

function at(id: string, verb = ""): string {
  return ["/api/v1/clearing", encodeURIComponent(id), ...(verb === "" ? [] : [verb])].join("/");
}

/** A decision whose options are its body. */
function withBody(verb: string, summary: string, options: Readonly<Record<string, string>>): Command {
  return {
    name: `clearing ${verb}`,
    summary,
    details: DETAILS,
    words: TASK,
    options,
    flags: JSON_FLAG,
    run: async ({ words: [id = ""], options: body, flags }) =>
      decided(await askEngine("POST", at(id, verb), body), flags),
  };
}

async function assign({ words: [id = ""], options, flags }: Given): Promise<number> {
  const identifiers = await readTyped(2);
  const {
    match,
    proof,
    misses_left: left,
  } = (await askEngine("POST", at(id, "match"), { identifiers })) as {
    match: boolean;
    proof: string | null;
    misses_left: number;
  };
  if (!match) {
    process.stderr.write(`botenstoff clearing assign: no match; ${left} more misses lock the case\n`);
    return 1;
  }
  return decided(await askEngine("POST", at(id, "assign"), { scope: "once", ...options, proof }), flags);
}

function decided(answer: unknown, flags: Given["flags"]): number {
  const { outcome, task } = answer as { outcome: string; task: Row };
  if (flags.has("json")) write(JSON.stringify(answer));
  else write(`${outcome}: ${String(task["id"])}`);
  return 0;
}

function show(answer: unknown, flags: Given["flags"]): number {
  const task = answer as Row;
  if (flags.has("json")) {
    write(JSON.stringify(task));
    return 0;
  }
  writeDetail(task, {
    held: ["message", "kind", "reason", "received_at"],
    candidates: ["masked", "hints", "level"],
  });
  return 0;
}
