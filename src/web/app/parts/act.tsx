import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Address, Operation } from "../api.ts";
import { send } from "../ask.ts";
import { Refusal } from "../problem.ts";
import { Problem } from "./small.tsx";

/** Does one thing at a time, and keeps what came of it if it was refused. */
export function useAct() {
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal>();
  const act = async (run: () => Promise<unknown>): Promise<boolean> => {
    if (busy) return false;
    setBusy(true);
    setRefusal(undefined);
    try {
      await run();
      return true;
    } catch (error) {
      if (error instanceof Refusal) setRefusal(error);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, refusal, act, shown: refusal && <Problem of={refusal} /> };
}

/** A button that posts, and says under it what follows. */
export function ActButton<Id extends Operation>({
  to,
  method = "POST",
  hint,
  letter,
  done,
  main,
  children,
}: {
  readonly to: Address<Id>;
  readonly method?: "POST" | "DELETE";
  readonly hint?: string;
  readonly letter?: string;
  readonly done: () => void;
  readonly main?: boolean;
  readonly children: ComponentChildren;
}) {
  const { busy, act, shown } = useAct();
  return (
    <span>
      <button
        class={main === true ? "main" : undefined}
        disabled={busy}
        data-key={letter}
        onClick={() => void act(() => send(method, to)).then((ok) => ok && done())}
      >
        {children} {letter !== undefined && <kbd>{letter}</kbd>}
      </button>
      {hint}
      {shown}
    </span>
  );
}
