import { parse } from "yaml";
import { join } from "node:path";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { Values } from "./environment-file.ts";
import { LATER, QUESTIONS, type Answers, type Question } from "./questions.ts";

/** What is asked of a person: resolves with what was typed, "" for the default. */
export type Ask = (question: Question, byDefault: string, wrong: string | undefined) => Promise<string>;

/** Paths in a folder of setup that answers stand for. */
export const OWN_TLS = { cert: join("tls", "server.pem"), key: join("secrets", "tls-server.key") } as const;

/**
 * Reads an answers file: names of questions with their answers.
 * @throws BotenstoffError CONFIG_INVALID naming what is no question, or does not fit one; never an answer
 */
export function parseAnswers(file: string, text: string): Answers {
  let said: unknown;
  try {
    said = parse(text) ?? {};
  } catch (cause) {
    throw invalid(file, "it is not YAML", cause);
  }
  if (typeof said !== "object" || said === null || Array.isArray(said)) throw invalid(file, "expected name: answer");
  const answers: Record<string, string> = {};
  for (const [name, value] of Object.entries(said)) {
    const question = QUESTIONS.find((one) => one.name === name);
    if (!question) throw invalid(file, `there is no question "${name}"; botenstoff setup --example lists them`);
    if (typeof value !== "string" && typeof value !== "number") throw invalid(file, `${name}: expected one line`);
    const wrong = whyNot(question, String(value));
    if (wrong !== undefined) throw invalid(file, `${name}: ${wrong}`);
    answers[name] = String(value);
  }
  return answers;
}

function invalid(file: string, what: string, cause?: unknown): BotenstoffError {
  return new BotenstoffError("CONFIG_INVALID", `reading ${file}: ${what}`, { cause });
}

function whyNot(question: Question, answer: string): string | undefined {
  if (answer === LATER) return undefined;
  return question.fits.safeParse(answer).error?.issues[0]?.message;
}

/** What the folder's settings already answer. */
export function standingAnswers(folder: string, values: Values): Answers {
  const answers: Record<string, string> = {};
  for (const { name, variable } of QUESTIONS) {
    const value = variable === undefined ? undefined : values[variable];
    if (value !== undefined && value !== "") answers[name] = value;
  }
  const cert = answers["tls_cert_file"];
  if (cert !== undefined) answers["tls"] = cert === join(folder, OWN_TLS.cert) ? "own" : "files";
  else if (answers["plain_http_because"] !== undefined) answers["tls"] = "none";
  return answers;
}

/** Every question with its answer: given, else asked where somebody can be, else what stands, else the default. */
export async function answerAll(given: Answers, standing: Answers, folder: string, ask?: Ask): Promise<Answers> {
  const answers: Record<string, string> = { folder };
  for (const question of QUESTIONS) {
    if (question.when && !question.when(answers)) continue;
    const { name } = question;
    const byDefault = standing[name] ?? defaultOf(question, answers);
    answers[name] = given[name] ?? (ask ? await askUntilRight(question, byDefault, ask) : byDefault);
  }
  return answers;
}

export function defaultOf({ byDefault }: Question, answers: Answers): string {
  return typeof byDefault === "string" ? byDefault : byDefault(answers);
}

async function askUntilRight(question: Question, byDefault: string, ask: Ask): Promise<string> {
  let wrong: string | undefined;
  for (;;) {
    const typed = (await ask(question, byDefault, wrong)).trim();
    if (typed === "") return byDefault;
    wrong = whyNot(question, typed);
    if (wrong === undefined) return typed;
  }
}

/** An answers file with every question and its default. */
export function exampleAnswers(folder: string): string[] {
  const answers: Record<string, string> = { folder };
  return QUESTIONS.flatMap((question) => {
    const { name, ask, secret } = question;
    const byDefault = defaultOf(question, answers);
    answers[name] = byDefault;
    return [`# ${ask}${secret ? " (secret)" : ""}`, `${name}: ${JSON.stringify(byDefault)}`];
  });
}
