import { fork } from "node:child_process";
import { once } from "node:events";

/** A process of the benchmark's own (a load generator, a sink, a baseline), so that its work is not the engine's. */
export interface Child {
  readonly pid: number;
  /** Asks the process for something by name. Rejects with what went wrong there. */
  call<Answer>(name: string, argument?: unknown): Promise<Answer>;
  end(): Promise<void>;
}

interface Question {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Answered {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** Starts `processes/<name>.ts`; it ends by itself when this process is gone. */
export function startChild(name: string): Child {
  const child = fork(new URL(`./processes/${name}.ts`, import.meta.url), { execArgv: [] });
  const waiting = new Map<number, (answer: Answered) => void>();
  child.on("message", (answer: Answered) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  const exited = once(child, "exit");
  child.on("exit", () => {
    for (const [id, resolve] of waiting) resolve({ id, error: `the process ${name} ended` });
  });
  let last = 0;
  return {
    pid: child.pid ?? 0,
    call: async <Answer>(wanted: string, argument?: unknown) => {
      const id = (last += 1);
      const answer = await new Promise<Answered>((resolve) => {
        waiting.set(id, resolve);
        child.send({ id, name: wanted, argument } satisfies Question);
      });
      if (answer.error !== undefined) throw new Error(`${name}.${wanted}: ${answer.error}`);
      return answer.result as Answer;
    },
    end: async () => {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

/** The child's side: answers calls by name until the parent hangs up. */
export function answerCalls(handlers: Readonly<Record<string, (argument: never) => unknown>>): void {
  process.on("message", (question: Question) => {
    void answer(handlers, question).then((answered) => process.send?.(answered));
  });
  process.on("disconnect", () => process.exit(0));
}

async function answer(
  handlers: Readonly<Record<string, (argument: never) => unknown>>,
  { id, name, argument }: Question,
): Promise<Answered> {
  try {
    return { id, result: await handlers[name]?.(argument as never) };
  } catch (error) {
    return { id, error: Error.isError(error) ? (error.stack ?? error.message) : String(error) };
  }
}
