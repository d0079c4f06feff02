import { signal } from "@preact/signals";
import type { LiveChange } from "#src/api/live.ts";
import { credentials, forget, session } from "./session.ts";

/** Counts up when something of the topic changed: whoever shows it asks again. */
export const changed = {
  messages: signal(0),
  lanes: signal(0),
  waits: signal(0),
  purges: signal(0),
};

/** The newest change, for whoever counts what came. */
export const lastChange = signal<LiveChange | undefined>(undefined);

/** Whether the stream stands; since when it does not. */
export const lostSince = signal<number | undefined>(undefined);

const CHANNEL = "botenstoff-live";
const AGAIN_MS = 2_000;

/**
 * One stream per browser, however many tabs: whoever holds the lock reads it and tells the others; when that tab closes,
 * another takes over. A browser opens six connections to an address at most.
 */
export function followLive(): () => void {
  const ending = new AbortController();
  const others = new BroadcastChannel(CHANNEL);
  others.onmessage = ({ data }: MessageEvent<LiveChange | "lost" | "found">) => hear(data);
  const tell = (news: LiveChange | "lost" | "found") => {
    hear(news);
    others.postMessage(news);
  };
  void navigator.locks
    .request(CHANNEL, { signal: ending.signal }, () => lead(tell, ending.signal))
    .catch(() => undefined);
  return () => {
    ending.abort();
    others.close();
  };
}

function hear(news: LiveChange | "lost" | "found"): void {
  if (news === "lost") lostSince.value ??= Date.now();
  else if (news === "found") lostSince.value = undefined;
  else {
    lostSince.value = undefined;
    lastChange.value = news;
    const all = news.topics.includes("all");
    if (all || news.arrived.length + news.moved.length > 0) changed.messages.value += 1;
    for (const topic of ["lanes", "waits", "purges"] as const) {
      if (all || news.topics.includes(topic)) changed[topic].value += 1;
    }
  }
}

async function lead(tell: (news: LiveChange | "lost" | "found") => void, signal: AbortSignal): Promise<void> {
  let last = "";
  while (session.value) {
    try {
      const headers = { ...credentials(false), "x-unattended": "true", ...(last !== "" && { "last-event-id": last }) };
      const response = await fetch("/api/v1/live", { headers, cache: "no-store", signal });
      if (response.status === 401) {
        forget();
        return;
      }
      if (!response.ok || !response.body) throw new Error("no stream");
      tell("found");
      for await (const { id, data } of eventsOf(response.body)) {
        last = id;
        tell(JSON.parse(data) as LiveChange);
      }
    } catch {
      if (signal.aborted) return;
    }
    tell("lost");
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    if (isOver(signal)) return;
  }
}

/** Asked again after a wait. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<{ id: string; data: string }> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const parts = text.split("\n\n");
    text = parts.pop() ?? "";
    for (const part of parts) {
      const id = /^id: (.*)$/m.exec(part)?.[1];
      const data = /^data: (.*)$/m.exec(part)?.[1];
      if (id !== undefined && data !== undefined) yield { id, data };
    }
  }
}
