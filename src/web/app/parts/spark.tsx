import { words } from "../words/index.ts";

const WIDTH = 120;
const HEIGHT = 22;

/** A line of the last hour; the table beside it has the numbers. */
export function Spark({ counts, channel }: { readonly counts: readonly number[]; readonly channel: string }) {
  const most = Math.max(...counts, 1);
  const x = (at: number) => Math.round((at / Math.max(1, counts.length - 1)) * WIDTH * 10) / 10;
  const y = (value: number) => Math.round((HEIGHT - 2 - (value / most) * (HEIGHT - 4)) * 10) / 10;
  const path = counts.map((value, at) => `${at === 0 ? "M" : "L"}${x(at)} ${y(value)}`).join("");
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={words.value.overview.perMinute(channel, Math.max(...counts, 0))}
    >
      <path d={path} />
    </svg>
  );
}
