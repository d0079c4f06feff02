import { createHash, randomBytes } from "node:crypto";
import { openStore, type Store } from "#src/store/data-source.ts";
import { findContacts } from "#src/store/sql/contacts.ts";
import { storeIntake, type EventRow, type IntakeBatch, type IntakeRow } from "#src/store/sql/intake.ts";
import { claimLanes } from "#src/store/sql/lanes.ts";
import type { Arena } from "./arena.ts";
import { CONTACTS_CHANNEL } from "./fill.ts";
import { round } from "./latency.ts";
import { onCpuMs } from "./processes-table.ts";

/** Webhooks in one commit, about what a loaded engine gathers. */
const BATCH = 50;
const CONVERSATIONS = 600;
/** Messages after which the lanes that are gone are cleared away. */
const VACUUMED = 1_000;
/** Bytes of a text's sealed columns. */
const SIZES = { raw: 768, sealed: 384, externalId: 90, hash: 16 };

/** What a statement cost PostgreSQL per message. */
export interface StepCost {
  readonly cpuMs: number;
  readonly walBytes: number;
}

export interface StepCosts {
  readonly intake: StepCost;
  readonly claim: StepCost;
}

/**
 * Taking messages in and claiming their lanes, each by itself: the store's functions on one connection, no engine beside
 * them. The databases take turns batch by batch, so that whatever else the machine does meets all of them.
 */
export async function measureSteps(
  arenas: readonly Arena[],
  { warmUp, messages }: { readonly warmUp: number; readonly messages: number },
): Promise<StepCosts[]> {
  const stands = await Promise.all(arenas.map(openStand));
  try {
    for (let done = 0; done < warmUp + messages; done += BATCH) {
      if (done >= warmUp && done < warmUp + BATCH) for (const stand of stands) stand.spent = nothingSpent();
      for (const stand of stands) await takeTurn(stand, done);
    }
  } finally {
    await Promise.all(stands.map(({ store }) => store.close()));
  }
  const perMessage = ({ cpuMs, walBytes }: StepCost): StepCost => ({
    cpuMs: round(cpuMs / messages, 4),
    walBytes: round(walBytes / messages, 0),
  });
  return stands.map(({ spent }) => ({ intake: perMessage(spent.intake), claim: perMessage(spent.claim) }));
}

interface Stand {
  readonly arena: Arena;
  readonly store: Store;
  /** The process of the store's only connection. */
  readonly pid: number;
  readonly epoch: number;
  spent: Record<keyof StepCosts, { cpuMs: number; walBytes: number }>;
}

function nothingSpent(): Stand["spent"] {
  return { intake: { cpuMs: 0, walBytes: 0 }, claim: { cpuMs: 0, walBytes: 0 } };
}

async function openStand(arena: Arena): Promise<Stand> {
  const store = await openStore(arena.database.url, 1);
  const { rows } = await store.query<{ pid: number; epoch: number }>(
    "SELECT pg_backend_pid() AS pid, max(id) AS epoch FROM epoch",
  );
  const [{ pid, epoch } = { pid: 0, epoch: 0 }] = rows;
  return { arena, store, pid, epoch, spent: nothingSpent() };
}

async function takeTurn(stand: Stand, position: number): Promise<void> {
  const batch = makeBatch(stand.epoch, position);
  const contacts = batch.messages.map(({ channel, contactBi }) => ({ channel, phoneBi: contactBi, userBi: null }));
  await spend(stand, "intake", async () => {
    await findContacts(stand.store, contacts);
    await storeIntake(stand.store, batch);
  });
  const claim = { channel: CONTACTS_CHANNEL, stage: "prepare", limit: BATCH };
  await spend(stand, "claim", () => claimLanes(stand.store, [claim], { owner: "bench", leaseMs: 20_000 }));
  await stand.arena.database.rows("DELETE FROM lane");
  // As the autovacuum does, but for each database at the same moment: which it visits first must not make a difference.
  if (position % VACUUMED === 0) await stand.arena.database.rows("VACUUM lane");
}

async function spend({ arena, pid, spent }: Stand, step: keyof StepCosts, run: () => Promise<unknown>): Promise<void> {
  const before = { cpuMs: onCpuMs(pid), walBytes: (await arena.database.work()).walBytes };
  await run();
  spent[step].cpuMs += onCpuMs(pid) - before.cpuMs;
  spent[step].walBytes += (await arena.database.work()).walBytes - before.walBytes;
}

/** Texts nobody has sent before, of people who write all the time. */
function makeBatch(epoch: number, position: number): IntakeBatch {
  const receivedAt = new Date().toISOString();
  const events: EventRow[] = [];
  const messages: IntakeRow[] = [];
  for (let index = position; index < position + BATCH; index += 1) {
    const event = { epoch, id: inOrder(), channel: CONTACTS_CHANNEL, receivedAt, raw: randomBytes(SIZES.raw) };
    const person = createHash("sha256")
      .update(String(index % CONVERSATIONS))
      .digest();
    events.push(event);
    messages.push({
      ...{ epoch, id: uuid(randomBytes(16)), eventId: event.id, channel: CONTACTS_CHANNEL, kind: "text", receivedAt },
      ...{ laneKey: person, contactBi: person, state: "received", reason: null },
      seenHash: randomBytes(SIZES.hash),
      externalBi: randomBytes(SIZES.hash),
      history: JSON.stringify([{ state: "received", at: receivedAt }]),
      sealed: randomBytes(SIZES.sealed),
      externalId: randomBytes(SIZES.externalId),
    });
  }
  return { events, messages, attachments: [] };
}

let drawn = 0;

/** Events are numbered in order of time. */
function inOrder(): string {
  const id = Buffer.alloc(16);
  id.writeUIntBE(Date.now(), 0, 6);
  id.writeUInt32BE((drawn += 1), 6);
  return uuid(id);
}

function uuid(bytes: Buffer): string {
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
