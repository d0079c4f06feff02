import { words } from "../words/index.ts";

/** State is a shape and a word before it is a colour. */
const SHAPES: Readonly<Record<string, readonly [shape: string, role: string]>> = {
  filed: ["●", "good"],
  confirmed: ["●", "good"],
  accepted: ["○", "good"],
  running: ["●", "good"],
  alive: ["●", "good"],
  clean: ["●", "good"],
  released: ["●", "good"],
  done: ["●", "good"],
  received: ["◔", "wait"],
  routed: ["◑", "wait"],
  queued: ["◔", "wait"],
  sending: ["◑", "wait"],
  retrying: ["◔", "wait"],
  waiting: ["◔", "wait"],
  working: ["◑", "wait"],
  pending: ["◔", "wait"],
  late: ["◔", "wait"],
  frozen: ["◔", "wait"],
  held: ["▲", "hold"],
  quarantined: ["▲", "hold"],
  parked: ["■", "stop"],
  failed: ["✕", "stop"],
  refused: ["✕", "stop"],
  silent: ["✕", "stop"],
  gone: ["✕", "stop"],
  interrupted: ["✕", "stop"],
  stopped: ["■", "wait"],
  paused: ["■", "wait"],
};

export function State({ is, reason }: { readonly is: string; readonly reason?: string | null }) {
  const [shape, role] = SHAPES[is] ?? ["◇", "muted"];
  const { state, reason: reasons } = words.value;
  return (
    <span class="state">
      <span class={role}>
        <i aria-hidden="true">{shape}</i>
        {state[is] ?? is}
      </span>
      {reason !== undefined && reason !== null && reason !== "" && (
        <span class="muted"> {reasons[reason] ?? reason}</span>
      )}
    </span>
  );
}
