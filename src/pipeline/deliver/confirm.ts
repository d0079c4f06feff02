import { takeToConfirm, type TakenDelivery } from "#src/store/sql/deliveries.ts";
import { easeReading, suspectReading } from "#src/store/sql/suspects.ts";
import { examined, isGuilty } from "#src/lanes/suspicion.ts";
import { readAttachments } from "#src/store/sql/prepare.ts";
import { kindOfError } from "#src/message/error-code.ts";
import { confirmAgain, putAside, type ToDeliver } from "./deliver.ts";
import { giveUpReading } from "./stopped.ts";
import type { PipelineDeps } from "../deps.ts";
import type { Settle } from "../settle.ts";

const PER_LOOK = 50;
/** Reads of one destination side by side; with so many under way nothing more of it is taken. */
const PER_DESTINATION = 50;

/** Reads back the accepted deliveries whose next look is due. */
export interface Confirming {
  /**
   * Begins to read what is due, and does not wait for it: a destination that does not answer keeps neither the lanes nor
   * another one's confirmations waiting. Two looks must not overlap.
   */
  look(): Promise<void>;
  /** Resolves when nothing is being read any more. */
  drain(): Promise<void>;
  /** Breaks off what is being read; it comes due again. */
  stop(): void;
}

export function createConfirming(deps: PipelineDeps, settle: Settle): Confirming {
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  const reading = new Map<string, TakenDelivery[]>();
  const queued = new Map<string, Promise<void>>();

  async function read(work: ToDeliver): Promise<void> {
    const { row } = work;
    const channel = deps.channels(row.channel);
    const destination = channel?.destinations.find(({ id }) => id === row.destination);
    if (!channel || !destination) return;
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(deps.leaseMs)]);
    if (isGuilty(row)) {
      await settle.confirmed(putAside(deps, channel, row).outcome);
      return;
    }
    const read = await confirmAgain(deps, channel, destination, work, signal);
    if (stopping.signal.aborted) return;
    const { outcome, error } = giveUpReading(read, destination, row.acceptedForMs ?? 0);
    await settle.confirmed(outcome);
    if (outcome.state !== "failed") return;
    const told = { channel: row.channel, destination: row.destination, message: row.messageId };
    deps.log("error", "delivery.failed", { ...told, code: error?.code ?? "unknown" });
  }

  function begin(work: ToDeliver): Promise<void> {
    const { row } = work;
    const name = `${row.channel}/${row.destination}`;
    reading.set(name, [...(reading.get(name) ?? []), row]);
    const one = read(work)
      .catch((error: unknown) => {
        deps.log("warn", "confirm.failed", { message: row.messageId, error: kindOfError(error) });
      })
      .finally(() => {
        running.delete(one);
        const left = (reading.get(name) ?? []).filter((other) => other !== row);
        if (left.length > 0) reading.set(name, left);
        else reading.delete(name);
      });
    running.add(one);
    return one;
  }

  /** What was being read when an engine died is read apart from the rest, one after the other. */
  async function examine(work: ToDeliver): Promise<void> {
    const { row } = work;
    if (stopping.signal.aborted || !(await suspectReading(deps.store, row, deps.leaseMs))) return;
    await examined(begin(work), { ...row, ...deps }, () => easeReading(deps.store, row));
  }

  function queue(work: ToDeliver): void {
    const { messageId, destination, purpose } = work.row;
    const name = `${messageId}/${destination}/${purpose}`;
    // It may come due again before its turn has come.
    if (queued.has(name)) return;
    const one = deps.examination
      .run(() => examine(work))
      .catch((error: unknown) => deps.log("warn", "confirm.failed", { message: messageId, error: kindOfError(error) }))
      .finally(() => queued.delete(name));
    queued.set(name, one);
  }

  return {
    look: async () => {
      const full = [...reading.values()].flatMap((rows) => (rows.length < PER_DESTINATION ? [] : rows.slice(0, 1)));
      const due = await takeToConfirm(deps.store, deps.leaseMs, PER_LOOK, full, new Date(deps.clock()));
      if (due.length === 0) return;
      const messages = due.map(({ messageId, kind }) => ({ id: messageId, kind }));
      const attachments = Map.groupBy(await readAttachments(deps.store, messages), ({ messageId }) => messageId);
      for (const row of due) {
        const work = { row, attachments: attachments.get(row.messageId) ?? [] };
        if (row.suspicion === 0) void begin(work);
        else queue(work);
      }
    },
    drain: async () => {
      await Promise.all(queued.values());
      await Promise.all(running);
    },
    stop: () => stopping.abort(),
  };
}
