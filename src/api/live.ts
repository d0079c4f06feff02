import { digest, newestMessages, type LiveMessage } from "#src/store/sql/live.ts";
import type { Queryable } from "#src/store/queryable.ts";

/** What changed since the last look: ids, states and which lists are to be asked again. Nothing personal. */
export interface LiveChange {
  /** Number of the newest message: a stream that broke off goes on after it. */
  readonly seq: number;
  /** Messages that came, newest first. */
  readonly arrived: readonly LiveNews[];
  /** Messages among the newest that moved. */
  readonly moved: readonly LiveNews[];
  /** What else is to be asked again. `all`: more happened than is told. */
  readonly topics: readonly ("lanes" | "waits" | "purges" | "all")[];
}

export type LiveNews = Pick<LiveMessage, "id" | "channel" | "state">;

export interface Live {
  /** @param since the number after which the listener missed something */
  subscribe(listener: (change: LiveChange) => void, since?: number): () => void;
  /** Resolves `closed` of every stream: a closing server waits for nobody. */
  close(): void;
  readonly closed: AbortSignal;
  /** How often a stream says that it lives, and asks whether its listener still may listen. */
  readonly beatMs: number;
}

const BEAT_MS = 15_000;

/** Four looks a second at most, and none while nobody listens. */
const EVERY_MS = 250;
/** Lists that change with everything are told of once a second. */
const DIGEST_EVERY = 4;
/** So many of the newest messages are watched. */
const WATCHED = 500;

/** Looks at the database for everybody who listens, so that changes made by any engine are seen. */
export function createLive(db: Queryable, beatMs = BEAT_MS): Live {
  const listeners = new Set<(change: LiveChange) => void>();
  const closing = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let known: Map<string, LiveMessage> | undefined;
  let seq = 0;
  let round = 0;
  let digested: Awaited<ReturnType<typeof digest>> | undefined;

  async function look(): Promise<void> {
    try {
      const newest = await newestMessages(db, WATCHED);
      const topics = round++ % DIGEST_EVERY === 0 ? await changedTopics() : [];
      const change = changeOf(newest, topics);
      if (change) for (const listener of listeners) listener(change);
    } catch {
      // The next look finds what this one missed; the browser shows how old its numbers are.
    }
    timer = listeners.size > 0 && !closing.signal.aborted ? setTimeout(() => void look(), EVERY_MS) : undefined;
  }

  async function changedTopics(): Promise<LiveChange["topics"]> {
    const next = await digest(db);
    const before = digested;
    digested = next;
    if (!before) return [];
    return (["lanes", "waits", "purges"] as const).filter((topic) => before[topic] !== next[topic]);
  }

  function changeOf(newest: readonly LiveMessage[], topics: LiveChange["topics"]): LiveChange | undefined {
    const before = known;
    const last = seq;
    known = new Map(newest.map((one) => [one.id, one]));
    seq = Math.max(seq, newest[0]?.seq ?? 0);
    if (!before) return undefined;
    const arrived = newest.filter((one) => one.seq > last);
    const moved = newest.filter(({ id, state }) => before.has(id) && before.get(id)?.state !== state);
    if (arrived.length + moved.length + topics.length === 0) return undefined;
    return { seq, arrived: arrived.map(newsOf), moved: moved.map(newsOf), topics };
  }

  return {
    closed: closing.signal,
    beatMs,
    close: () => {
      clearTimeout(timer);
      closing.abort();
    },
    subscribe: (listener, since) => {
      listeners.add(listener);
      if (since !== undefined) void catchUp(since, listener);
      if (timer === undefined && !closing.signal.aborted) {
        // What happened while nobody listened is no news.
        known = undefined;
        timer = setTimeout(() => void look(), 0);
      }
      return () => listeners.delete(listener);
    },
  };

  async function catchUp(since: number, listener: (change: LiveChange) => void): Promise<void> {
    const newest = await newestMessages(db, WATCHED).catch(() => []);
    const arrived = newest.filter((one) => one.seq > since);
    listener({ seq: newest[0]?.seq ?? since, arrived: arrived.map(newsOf), moved: [], topics: ["all"] });
  }
}

function newsOf({ id, channel, state }: LiveMessage): LiveNews {
  return { id, channel, state };
}
