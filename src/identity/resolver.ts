import type { Contact } from "#src/message/contact.ts";
import type { Directory } from "./directory.ts";
import { resolve, type Interruptible, type Requirement, type Resolution } from "./resolve.ts";

/** A resolution, and a way to say that it turned out to be no longer true. */
export type Resolved = Resolution & { forget(): void };

/** As `resolve`, remembering what it found last. */
export type Resolver = (
  contact: Contact | undefined,
  identity: Requirement,
  asking: Interruptible,
) => Promise<Resolved>;

/** Long enough for a conversation under way, short enough that nobody's data outlives its use in memory. */
const REMEMBERED_MS = 60_000;
const REMEMBERED_MOST = 2_000;

interface Remembered {
  readonly resolution: Promise<Resolution>;
  readonly until: number;
}

/**
 * Asking the directory costs more than anything else a text needs, and people write several messages at a time. What is
 * remembered may be old: whoever decides by it must compare `seen` with the directory at the commit, and `forget` it if
 * that says something else. A channel that asks the KIS keeps nothing here: its look-up says how old an answer may be.
 */
export function createResolver(directory: Directory, now: () => number = () => performance.now()): Resolver {
  const remembered = new Map<string, Remembered>();
  return async (contact, identity, asking) => {
    if (identity.lookup) return { ...(await resolve(directory, contact, identity, asking)), forget: () => undefined };
    const { requireLevel, reverifyAfterMs, caseRule } = identity;
    const key = JSON.stringify([requireLevel, reverifyAfterMs, caseRule, contact?.phone, contact?.userId]);
    const known = remembered.get(key);
    const fresh = known && now() < known.until ? known : remember(key, resolve(directory, contact, identity, asking));
    try {
      const resolution = await fresh.resolution;
      return { ...resolution, forget: () => forget(key, fresh) };
    } catch (error) {
      forget(key, fresh);
      throw error;
    }
  };

  function remember(key: string, resolution: Promise<Resolution>): Remembered {
    const made = { resolution, until: now() + REMEMBERED_MS };
    remembered.delete(key);
    remembered.set(key, made);
    // In order of asking: the first is the oldest.
    for (const [oldest, { until }] of remembered) {
      if (remembered.size <= REMEMBERED_MOST && now() < until) break;
      remembered.delete(oldest);
    }
    return made;
  }

  function forget(key: string, what: Remembered): void {
    if (remembered.get(key) === what) remembered.delete(key);
  }
}
