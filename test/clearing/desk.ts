import { createToken } from "#src/access/tokens.ts";
import type { Role } from "#src/audit/rights.ts";
import type { ShownMessage } from "#src/demo/api-client.ts";
import type { TestEngine } from "../engine/harness.ts";

export interface Answer {
  readonly status: number;
  // What tests look at differs by route; they say so where they look.
  readonly body: Readonly<Record<string, unknown>>;
}

/** Somebody who asks the API with a token of their own. */
export interface Person {
  readonly name: string;
  get(path: string): Promise<Answer>;
  post(path: string, body: unknown): Promise<Answer>;
}

export function someoneAs(engine: TestEngine, name: string, ...roles: Role[]): Promise<Person> {
  return someoneOn(engine, name, undefined, ...roles);
}

/** The same, on some channels only. */
export async function someoneOn(
  engine: TestEngine,
  name: string,
  channels: readonly string[] | undefined,
  ...roles: Role[]
): Promise<Person> {
  const token = await engine.store.transaction((db) => createToken(db, { name, roles, channels }, "test", new Date()));
  const ask = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await fetch(`${engine.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token ?? ""}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Answer["body"] };
  };
  return { name, get: (path) => ask("GET", path), post: (path, body) => ask("POST", path, body) };
}

export interface Task {
  readonly id: string;
  readonly state: string;
  readonly reasons: Readonly<Record<string, number>>;
  readonly messages: number;
  readonly held: readonly { readonly message: string; readonly reason: string }[];
  readonly candidates: readonly { readonly masked: string; readonly hints: readonly string[] }[] | null;
  readonly misses_left: number;
}

/** The task in which a message is held. */
export async function taskOf(person: Person, message: Pick<ShownMessage, "id">): Promise<Task> {
  const { body } = await person.get("/api/v1/clearing?limit=500");
  for (const { id } of body["items"] as { id: string }[]) {
    const task = await taskAt(person, id);
    if (task.held.some((one) => one.message === message.id)) return task;
  }
  throw new Error("the message is in no task");
}

export async function taskAt(person: Person, id: string): Promise<Task> {
  return (await person.get(`/api/v1/clearing/${id}`)).body as unknown as Task;
}

export const typed = {
  patient: (value: string) => ({ kind: "patient_number", value }),
  born: (value: string) => ({ kind: "birth_date", value }),
  case: (value: string) => ({ kind: "case_number", value }),
};

/** Types two identifiers and says that from now on, or for once, it is they who write. */
export async function say(
  clerk: Person,
  task: string,
  identifiers: readonly unknown[],
  wish: Readonly<Record<string, unknown>> = { scope: "always" },
): Promise<Answer> {
  const matched = await clerk.post(`/api/v1/clearing/${task}/match`, { identifiers });
  return clerk.post(`/api/v1/clearing/${task}/assign`, { proof: matched.body["proof"], ...wish });
}
