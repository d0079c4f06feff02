import type { Answer } from "../api.ts";
import { words } from "../words/index.ts";

type Channel = Answer<"showOverview">["channels"][number];

const BOX = { width: 190, height: 44 };
const STEP = 270;
const ROW = 60;
const MAX_EDGE = 8;

/** The channel from left to right: edges as thick as what comes through, boxes with what waits. The table says the same. */
export function Flow({ channel }: { readonly channel: Channel }) {
  const { channels, state } = words.value;
  const prepare = channel.stages.find(({ stage }) => stage === "prepare");
  const destinations = channel.stages.filter(({ stage }) => stage !== "prepare");
  const rows = Math.max(1, destinations.length);
  const height = rows * ROW + 4;
  const middle = (height - BOX.height) / 2;
  const inMinute = channel.received.slice(-5).reduce((a, b) => a + b, 0) / 5;
  const edge = Math.min(MAX_EDGE, 1 + Math.log2(1 + inMinute));
  const rate = `${Math.round(inMinute * 10) / 10}/min`;
  const top = (index: number) => index * ROW + (ROW - BOX.height) / 2;
  const box = (x: number, y: number, name: string, line: string, bad: boolean) => (
    <g key={`${x} ${name}`}>
      <rect class="box" x={x} y={y} width={BOX.width} height={BOX.height} rx="5" />
      <text x={x + 10} y={y + 18}>
        {bad ? "■ " : ""}
        {name}
      </text>
      <text class="dim" x={x + 10} y={y + 35}>
        {line}
      </text>
    </g>
  );
  return (
    <svg
      class="picture"
      width={2 * STEP + BOX.width + 4}
      viewBox={`0 0 ${2 * STEP + BOX.width + 4} ${height}`}
      role="img"
      aria-label={[prepare, ...destinations].map((one) => channels.node(one?.stage ?? "", one?.open ?? 0)).join("; ")}
    >
      <path class="edge" stroke-width={edge} d={`M${BOX.width} ${height / 2}H${STEP}`} />
      <text class="dim" x={BOX.width + 12} y={height / 2 - 8}>
        {rate}
      </text>
      {destinations.map((one, index) => (
        <path
          key={one.stage}
          class="edge"
          stroke-width={edge}
          d={`M${STEP + BOX.width} ${height / 2}C${2 * STEP - 40} ${height / 2} ${STEP + BOX.width + 40} ${top(index) + BOX.height / 2} ${2 * STEP} ${top(index) + BOX.height / 2}`}
        />
      ))}
      {box(2, middle, channel.source === "" ? "–" : channel.source, channel.id, false)}
      {box(STEP, middle, channels.prepare, channels.node("", prepare?.open ?? 0).replace(/^: /, ""), false)}
      {destinations.map((one, index) =>
        box(
          2 * STEP,
          top(index),
          one.stage,
          `${channels.node("", one.open).replace(/^: /, "")}${one.held_back ? `, ${state["retrying"] ?? ""}` : ""}`,
          one.parked.length > 0,
        ),
      )}
    </svg>
  );
}
