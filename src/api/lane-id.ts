import type { LaneKey } from "#src/store/sql/lanes.ts";

const FORM = /^([a-z0-9-]{1,63})\.([A-Za-z0-9_-]{1,63})\.([0-9a-f]{32,64})$/;

/** How a lane is named outside: channel, stage and the keyed hash of its conversation. */
export function laneIdOf({ channel, stage, key }: LaneKey): string {
  return `${channel}.${stage}.${key.toString("hex")}`;
}

export function readLaneId(text: string): LaneKey | undefined {
  const [, channel, stage, hex] = FORM.exec(text) ?? [];
  if (channel === undefined || stage === undefined || hex === undefined) return undefined;
  return { channel, stage, key: Buffer.from(hex, "hex") };
}
