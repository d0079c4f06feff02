/** What every message of a run carries in its text: which conversation, and which of it. The sinks check the order by it. */
export interface Marker {
  readonly conversation: number;
  /** From 0, without gaps. */
  readonly ordinal: number;
}

const MARKER = /bench:(\d+):(\d+):/;

export function writeMarker({ conversation, ordinal }: Marker): string {
  return `bench:${conversation}:${ordinal}:`;
}

export function findMarker(text: string): Marker | undefined {
  const found = MARKER.exec(text);
  return found ? { conversation: Number(found[1]), ordinal: Number(found[2]) } : undefined;
}

/** The sender of a conversation, and with it the patient: E.164 digits. */
export function phoneOf(conversation: number): string {
  return `49151${10_000_000 + conversation}`;
}
