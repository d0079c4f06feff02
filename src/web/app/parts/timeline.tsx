import { shortTime, span } from "../time.ts";
import { words } from "../words/index.ts";
import { Time } from "./small.tsx";
import { State } from "./state.tsx";

const GAP_MS = 1_000;

/** Each state a message went through; where more than a second passed, the gap is a line of its own. */
export function Timeline({
  history,
}: {
  readonly history: readonly { readonly state: string; readonly at: string }[];
}) {
  return (
    <ol class="timeline">
      {history.flatMap((entry, index) => {
        const before = history[index - 1];
        const gap = before ? Date.parse(entry.at) - Date.parse(before.at) : 0;
        return [
          ...(gap > GAP_MS
            ? [
                <li key={`gap ${index}`} class="gap">
                  {words.value.message.gap(span(gap))}
                </li>,
              ]
            : []),
          <li key={`${index} ${entry.at}`} title={shortTime(entry.at)}>
            <Time at={entry.at} />
            <State is={entry.state} />
            {gap > 0 && gap <= GAP_MS && <span class="muted">+{gap} ms</span>}
          </li>,
        ];
      })}
    </ol>
  );
}
