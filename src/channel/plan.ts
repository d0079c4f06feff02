import type { Channel } from "./channel.ts";

/** What a reload does, decided before anything is touched. */
export interface Plan {
  readonly start: readonly Channel[];
  readonly stop: readonly Channel[];
  readonly keep: readonly Channel[];
  readonly replace: readonly { readonly from: Channel; readonly to: Channel }[];
}

/** Compares what runs with what is wanted: the same file, mappings and secrets keep running untouched. */
export function plan(current: readonly Channel[], wanted: readonly Channel[]): Plan {
  const running = new Map(current.map((channel) => [channel.id, channel]));
  const start: Channel[] = [];
  const keep: Channel[] = [];
  const replace: { from: Channel; to: Channel }[] = [];
  for (const to of wanted) {
    const from = running.get(to.id);
    if (!from) {
      start.push(to);
    } else if (from.digest === to.digest && from.values === to.values) {
      keep.push(from);
    } else {
      replace.push({ from, to });
    }
  }
  return { start, keep, replace, stop: current.filter(({ id }) => !wanted.some((channel) => channel.id === id)) };
}
