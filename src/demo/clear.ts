import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { ApiClient, type ShownMessage } from "./api-client.ts";
import type { World } from "./world.ts";

const CLI = fileURLToPath(new URL("../cli.ts", import.meta.url));

type Say = (step: string, detail: string) => void;

/** Who the stranger turns out to be: as two people got it elsewhere, each for himself. */
interface Known {
  readonly patient: string;
  readonly caseNumber: string;
  readonly birthDate: string;
}

/**
 * A held stranger is found by a clerk, who types two identifiers, and confirmed by somebody else, who types another: by
 * the command line, as people with tokens of their own.
 */
export async function clearStranger(
  world: World,
  url: string,
  held: ShownMessage,
  { patient, caseNumber, birthDate }: Known,
  say: Say,
): Promise<void> {
  const engine = { ...world.env, BOTENSTOFF_URL: url };
  const tokenOf = async (name: string, role: string) => {
    const token = (await botenstoff(engine, ["access", "token", "create", name, "--roles", role]))
      .trim()
      .split("\n")
      .at(-1);
    return { ...engine, BOTENSTOFF_API_TOKEN: token ?? "" };
  };
  const [clerk, approver] = [await tokenOf("clara", "clerk"), await tokenOf("paul", "approver")];
  const task = await taskOf(new ApiClient(url, world.apiToken), held);
  const assign = ["clearing", "assign", task, "--scope", "once"];
  const two = `patient_number ${patient}\ncase_number ${caseNumber}\n`;
  say("proposed", `clara, a clerk, types two identifiers: ${(await botenstoff(clerk, assign, two)).trim()}`);
  const one = `birth_date ${birthDate}\n`;
  const confirmed = await botenstoff(approver, ["clearing", "approve", task], one);
  say("confirmed", `paul, somebody else, types another: ${confirmed.trim()}`);
}

async function taskOf(api: ApiClient, held: ShownMessage): Promise<string> {
  const { items } = await api.get<{ items: { id: string }[] }>("/api/v1/clearing?limit=500");
  for (const { id } of items) {
    const task = await api.get<{ held: { message: string }[] }>(`/api/v1/clearing/${id}`);
    if (task.held.some(({ message }) => message === held.id)) return id;
  }
  throw new Error(`${held.id} is held and in no task`);
}

/** Runs the program as somebody at a terminal would. @returns what it printed */
async function botenstoff(
  env: Readonly<Record<string, string>>,
  words: readonly string[],
  input = "",
): Promise<string> {
  const child = spawn(process.execPath, [CLI, ...words], {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(input);
  const ended = once(child, "close") as Promise<[number | null]>;
  const [printed, [code]] = await Promise.all([text(child.stdout), ended]);
  if (code !== 0) throw new Error(`botenstoff ${words.slice(0, 2).join(" ")} ended with ${String(code)}`);
  return printed;
}
