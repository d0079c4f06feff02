import { parseDuration } from "#src/message/duration.ts";
import { RESENDS, SKIPS, WITHDRAWALS } from "#src/message/state.ts";
import { askEngine } from "./ask-engine.ts";
import { JSON_FLAG, write, type Command } from "./command.ts";
import { ASKS_ENGINE, type Row } from "./listing.ts";

const BY = { by: "who decided; the journal keeps it. Not needed with a token of a person's own" } as const;
const DESTINATION = { destination: "the id of the destination" } as const;
const FREE = "why; the journal keeps it for good: nothing about the patient";

/** What people decide at a running engine; the journal keeps each. */
export const DECISION_COMMANDS: readonly Command[] = [
  decision({
    name: "message reprocess",
    summary: "has a message processed again from where it stands",
    path: (id) => at("messages", id, "reprocess"),
  }),
  decision({
    name: "message release",
    summary: "lets a quarantined message go on, or one whose number moved to another patient",
    options: { reason: FREE, ...BY },
    path: (id) => at("messages", id, "release"),
    body: ({ reason, by }) => ({ reason, released_by: by }),
  }),
  decision({
    name: "message placeholder",
    summary: "lets a message go on without the attachments it waits for",
    options: { reason: FREE, ...BY },
    path: (id) => at("messages", id, "placeholder"),
    body: ({ reason, by }) => ({ reason, decided_by: by }),
  }),
  decision({
    name: "message withdraw",
    summary: "takes a message out of every chart that has it",
    options: { reason: Object.keys(WITHDRAWALS).join(", "), ...BY },
    path: (id) => at("messages", id, "withdraw"),
    body: ({ reason, by }) => ({ reason, withdrawn_by: by }),
  }),
  decision({
    name: "message skip",
    summary: "gives up the delivery to one destination that never takes it",
    options: { ...DESTINATION, reason: SKIPS.join(", "), ...BY },
    path: (id, { destination = "" }) => at("messages", id, "deliveries", destination, "skip"),
    body: ({ reason, by }) => ({ reason, skipped_by: by }),
  }),
  decision({
    name: "message resend",
    summary: "sends a message to one destination once more: identical bytes under the same ids",
    options: { ...DESTINATION, reason: RESENDS.join(", "), ...BY },
    path: (id, { destination = "" }) => at("messages", id, "deliveries", destination, "resend"),
    body: ({ reason, by }) => ({ reason, resent_by: by }),
  }),
  decision({
    name: "lane try",
    summary: "makes a waiting lane due at once",
    path: (id) => at("lanes", id, "try"),
  }),
  decision({
    name: "lane park",
    summary: "stops a lane until a person lets it go on",
    path: (id) => at("lanes", id, "park"),
  }),
  decision({
    name: "lane unpark",
    summary: "lets a parked lane go on with what waits in it",
    path: (id) => at("lanes", id, "unpark"),
  }),
  decision({
    name: "channel pause",
    summary: "stops a channel for a time: messages are taken in as ever, and wait",
    options: { for: "how long, at most P7D, e.g. PT2H", reason: FREE },
    path: (id) => at("channels", id, "pause"),
    body: ({ for: period = "", reason }) => ({ reason, until: untilOf(period) }),
  }),
  decision({
    name: "channel resume",
    summary: "lets a paused channel go on before its pause ends",
    path: (id) => at("channels", id, "resume"),
  }),
  decision({
    name: "alert acknowledge",
    summary: "takes an open alert: it does not escalate",
    path: (id) => at("alerts", id, "acknowledge"),
  }),
];

type Options = Readonly<Record<string, string>>;

interface Decision {
  readonly name: string;
  readonly summary: string;
  /** All but `by` have to be given. */
  readonly options?: Options;
  readonly path: (id: string, options: Options) => string;
  readonly body?: (options: Options) => Readonly<Record<string, string | undefined>>;
}

function decision({ name, summary, options = {}, path, body }: Decision): Command {
  const required = Object.keys(options).filter((option) => option !== "by");
  return {
    name,
    summary,
    details: ASKS_ENGINE,
    words: { name: "id", least: 1, most: 1 },
    options,
    flags: JSON_FLAG,
    run: async ({ words: [id = ""], options: given, flags }) => {
      const missing = required.find((option) => given[option] === undefined);
      if (missing !== undefined) {
        process.stderr.write(`botenstoff ${name}: --${missing} is missing: ${options[missing] ?? ""}\n`);
        return 2;
      }
      const answer = (await askEngine("POST", path(id, given), body?.(given))) as Row;
      write(flags.has("json") ? JSON.stringify(answer) : `${name}: ${id}, done`);
      return 0;
    },
  };
}

function at(...parts: readonly string[]): string {
  return ["/api/v1", ...parts.map(encodeURIComponent)].join("/");
}

/** @throws BotenstoffError CONFIG_INVALID for what is no period */
function untilOf(period: string): string {
  return new Date(Date.now() + parseDuration(period)).toISOString();
}
