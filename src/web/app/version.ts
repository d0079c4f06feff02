import { useEffect, useState } from "preact/hooks";
import type { LiveChange } from "#src/api/live.ts";

/** Counts up when the stream tells of this message, or that more happened than it tells. */
export function useVersionOf(id: string, change: LiveChange | undefined): number {
  const [version, setVersion] = useState(0);
  useEffect(() => {
    if (!change) return;
    const concerned = [...change.arrived, ...change.moved].some((one) => one.id === id);
    if (concerned || change.topics.includes("all") || change.topics.includes("waits")) setVersion((n) => n + 1);
  }, [change, id]);
  return version;
}
