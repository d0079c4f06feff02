import { exactTime, now, span } from "../time.ts";
import { words } from "../words/index.ts";

const SHAPES: Readonly<Record<string, readonly [shape: string, role: string]>> = {
  open: ["▲", "hold"],
  proposed: ["◔", "wait"],
  locked: ["■", "stop"],
};

export function TaskState({ is }: { readonly is: string }) {
  const [shape, role] = SHAPES[is] ?? ["◇", "muted"];
  return (
    <span class={`state ${role}`}>
      <i aria-hidden="true">{shape}</i>
      {words.value.clearing.state[is] ?? is}
    </span>
  );
}

/** When a task should be decided, or for how long it should have been. */
export function Due({ at }: { readonly at: string }) {
  const { clearing } = words.value;
  const left = Date.parse(at) - now.value;
  return (
    <time dateTime={at} title={exactTime(at)} class={left < 0 ? "stop" : undefined}>
      {left < 0 ? clearing.overdueFor(span(-left)) : clearing.dueIn(span(left))}
    </time>
  );
}

/** When what is held is restricted. */
export function Ends({ at }: { readonly at: string }) {
  const { clearing } = words.value;
  const left = Date.parse(at) - now.value;
  return (
    <time dateTime={at} title={exactTime(at)} class={left < 0 ? "stop" : "muted"}>
      {left < 0 ? clearing.restricted : clearing.endsIn(span(left))}
    </time>
  );
}
