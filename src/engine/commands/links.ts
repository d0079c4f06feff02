import { askEngine } from "./ask-engine.ts";
import { JSON_FLAG, write, type Command, type Given } from "./command.ts";
import { readTyped, TYPED_DETAILS } from "./read-typed.ts";
import { table } from "./table.ts";

type Row = Readonly<Record<string, unknown>>;

/** `level` of what is proposed takes the place of what the link has. */
type Waiting = Row & { readonly proposal: Row };

const LINK = { name: "link", least: 1, most: 1 } as const;

/** Codes given at admission, and the links that say from now on who a contact is. */
export const LINK_COMMANDS: readonly Command[] = [
  {
    name: "code issue",
    summary: "makes a code for a patient, by two identifiers, and prints it, this once",
    details: TYPED_DETAILS,
    options: { role: "self (default), guardian or proxy", valid: "PT10M to PT72H; P1D by default" },
    flags: JSON_FLAG,
    run: async ({ options, flags }) => {
      const issued = (await askEngine("POST", "/api/v1/codes", { ...options, identifiers: await readTyped(2) })) as Row;
      if (flags.has("json")) write(JSON.stringify(issued));
      else write(`${String(issued["code"])}  until ${String(issued["expires_at"])}`);
      return 0;
    },
  },
  {
    name: "link find",
    summary: "lists the links of the patient whom two identifiers match",
    details: TYPED_DETAILS,
    flags: JSON_FLAG,
    run: find,
  },
  {
    name: "link verify",
    summary: "says that a contact is still this patient's, by two identifiers; with four eyes a proposal",
    details: TYPED_DETAILS,
    words: LINK,
    options: { evidence: "clerk (default) or in_person" },
    flags: JSON_FLAG,
    run: async (given) => decide(given, "verify", { ...given.options, identifiers: await readTyped(2) }),
  },
  {
    name: "link waiting",
    summary: "lists links of which one person said something that another has to confirm",
    details: TYPED_DETAILS,
    flags: JSON_FLAG,
    run: async ({ flags }) => {
      const answer = (await askEngine("GET", "/api/v1/links/waiting")) as { items: Waiting[] };
      if (flags.has("json")) write(JSON.stringify(answer));
      else {
        const rows = answer.items.map(({ proposal, ...link }) => ({ ...link, ...proposal }));
        for (const line of table(["id", "patient", "role", "evidence", "level", "by", "at"], rows)) write(line);
      }
      return 0;
    },
  },
  {
    name: "link approve",
    summary: "confirms what another person said of a link, by one identifier got anew",
    details: TYPED_DETAILS,
    words: LINK,
    flags: JSON_FLAG,
    run: async (given) => decide(given, "approve", { identifier: (await readTyped(1))[0] }),
  },
  withBody("decline", "takes what is proposed of a link off the table", { reason: "why; nothing about the patient" }),
  withBody("lower", "says that a link holds no more", { reason: "consent_withdrawn or staff_report" }),
  withBody("end", "ends a link for good: the contact is a stranger again", {
    reason: "why; nothing about the patient",
  }),
  withBody("challenge", "takes the answer to the challenge", { answer: "day and month of birth, as 12.8." }),
];

function withBody(verb: string, summary: string, options: Readonly<Record<string, string>>): Command {
  return {
    name: `link ${verb}`,
    summary,
    details: TYPED_DETAILS,
    words: LINK,
    options,
    flags: JSON_FLAG,
    run: (given) => decide(given, verb, given.options),
  };
}

async function decide({ words: [id = ""], flags }: Given, verb: string, body: unknown): Promise<number> {
  const answer = (await askEngine("POST", `/api/v1/links/${encodeURIComponent(id)}/${verb}`, body)) as Row;
  write(flags.has("json") ? JSON.stringify(answer) : `${String(answer["outcome"])}: ${id}`);
  return 0;
}

async function find({ flags }: Given): Promise<number> {
  const identifiers = await readTyped(2);
  const answer = (await askEngine("POST", "/api/v1/links/find", { identifiers })) as { items: Row[] };
  if (flags.has("json")) write(JSON.stringify(answer));
  else
    for (const line of table(["id", "level", "role", "scope", "evidence", "verified_at", "ended_at"], answer.items))
      write(line);
  return 0;
}
