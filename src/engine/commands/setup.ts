import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { BotenstoffError, kindOfError } from "#src/message/error-code.ts";
import { write, type Command, type Given } from "./command.ts";

/** The command of the first day. */
export const SETUP_COMMAND: Command = {
  name: "setup",
  summary: "makes keys, tokens, TLS, settings and channels, and checks what they lead to",
  details:
    "Asks what it needs; every question has a default that serves. What is there stays: a second run changes only what is\nsaid otherwise, keeps the file of before as .old, and says so. 1 where something is wrong that was not left for later.",
  options: {
    folder: "where settings, secrets and channels go; default /etc/botenstoff where that is, else ./botenstoff",
    answers: "YAML file of answers: asks nothing, takes defaults for the rest",
  },
  flags: {
    yes: "ask nothing, take what stands, else the defaults",
    "dry-run": "say what would be made or changed, and do nothing",
    "renew-tls": "make another certificate by the authority of its own",
    example: "print an answers file with every question",
  },
  run: setup,
};

const PACKAGED = "/etc/botenstoff";
const STEERS = /^(?:BOTENSTOFF_|WHATSAPP_|KIS_|ADT_|DATABASE_URL$|HTTPS?_PROXY$)/i;

async function setup({ flags, options }: Given): Promise<number> {
  const folder = resolve(options["folder"] ?? (existsSync(PACKAGED) ? PACKAGED : "botenstoff"));
  const [{ setUp }, { exampleAnswers, parseAnswers }, { openInterview }] = await Promise.all([
    import("../setup/set-up.ts"),
    import("../setup/answers.ts"),
    import("../setup/interview.ts"),
  ]);
  if (flags.has("example")) {
    for (const line of exampleAnswers(folder)) write(line);
    return 0;
  }
  const { answers: file } = options;
  const asks = file === undefined && !flags.has("yes");
  if (asks && !process.stdin.isTTY) {
    process.stderr.write(
      "botenstoff setup: there is no terminal to ask at; give --answers <file> (--example prints one), or --yes\n",
    );
    return 2;
  }
  const given = file === undefined ? {} : parseAnswers(file, await readAnswers(file));
  const interview = asks ? openInterview() : undefined;
  try {
    return await setUp({
      ...{ folder, given, dryRun: flags.has("dry-run"), renewTls: flags.has("renew-tls"), now: Date.now, say: write },
      env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !STEERS.test(name))),
      ...(interview && { ask: interview.ask, agree: (question) => interview.agree(question) }),
    });
  } finally {
    interview?.close();
  }
}

async function readAnswers(file: string): Promise<string> {
  return readFile(file, "utf8").catch((cause: unknown) => {
    throw new BotenstoffError("CONFIG_INVALID", `reading ${file}: ${kindOfError(cause)}`, { cause });
  });
}
