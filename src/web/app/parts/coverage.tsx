import type { Answer } from "../api.ts";
import { count, dayOf } from "../time.ts";
import { words } from "../words/index.ts";

type View = Answer<"showCoverage">;

export const CLASSES = ["due", "running", "unconfirmed", "held", "failed", "restricted"] as const;

const HEIGHT = 160;
const COLUMN = 64;
const BAR = 44;
const MOST_COLUMNS = 16;

/** A column per epoch, its height the messages in it, cut by why they are still here. The table is its source. */
export function Coverage({ of: { rows, epochs, channels, at } }: { readonly of: View }) {
  const { privacy } = words.value;
  const ids = [...new Set([...epochs.map(({ id }) => id), ...rows.map(({ epoch }) => epoch)])].sort((a, b) => a - b);
  const shown = ids.slice(-MOST_COLUMNS);
  const sumOf = (epoch: number) => rows.filter((row) => row.epoch === epoch).reduce((sum, row) => sum + row.count, 0);
  const most = Math.max(1, ...shown.map(sumOf));
  const hardest = Math.max(0, ...channels.map((channel) => channel.hard_max_age_ms));
  const limit = (Date.parse(at) - hardest) / 1_000;
  const width = Math.max(6, shown.length) * COLUMN + 8;
  return (
    <>
      <svg
        class="picture"
        width={width}
        viewBox={`0 0 ${width} ${HEIGHT + 50}`}
        role="img"
        aria-label={privacy.picture}
      >
        {shown.map((epoch, index) => {
          let y = HEIGHT + 16;
          const x = 4 + index * COLUMN;
          return (
            <g key={epoch}>
              {CLASSES.map((one) => {
                const value = rows
                  .filter((row) => row.epoch === epoch && row.class === one)
                  .reduce((sum, row) => sum + row.count, 0);
                if (value === 0) return null;
                const height = Math.max(3, (value / most) * HEIGHT);
                y -= height;
                return <rect key={one} class={`c-${one}`} x={x} y={y} width={BAR} height={height} />;
              })}
              <text x={x} y={HEIGHT + 30}>
                {dayOf(new Date(epoch * 1_000).toISOString())}
              </text>
              <text class="dim" x={x} y={HEIGHT + 43}>
                {count(sumOf(epoch))}
                {hardest > 0 && epoch < limit ? " !" : ""}
              </text>
            </g>
          );
        })}
        <path class="edge" d={`M0 ${HEIGHT + 16}H${width}`} />
      </svg>
      <p class="legend">
        {CLASSES.map((one) => (
          <span key={one}>
            <svg class="key" viewBox="0 0 12 12" aria-hidden="true">
              <rect class={`c-${one}`} width="12" height="12" />
            </svg>{" "}
            {privacy.class[one]}{" "}
          </span>
        ))}
      </p>
    </>
  );
}
