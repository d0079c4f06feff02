import { BotenstoffError } from "#src/message/error-code.ts";
import { describeError } from "#src/store/sql/outcome.ts";
import type { RunningDestination } from "../running-channel.ts";
import type { Attempt } from "./deliver.ts";

/** Errors of the way to a destination: they are about none of its messages. */
const ABOUT_THE_WAY: ReadonlySet<string> = new Set([
  "DESTINATION_UNREACHABLE",
  "DESTINATION_UNTRUSTED",
  "DESTINATION_UNAUTHORIZED",
  "DESTINATION_REJECTS",
]);

/** How long a message has stopped its conversation, and what the destination did meanwhile. */
export interface Stopped {
  readonly forMs: number;
  readonly mostMs: number;
  /** It has answered others since. */
  readonly othersPass: boolean;
}

/**
 * Gives an attempt up that is to be repeated, where its message has stopped its conversation for longer than the channel
 * allows and the fault is the message's: the destination does not know its patient, or answers everybody else. While the
 * destination itself is down nothing is given up.
 */
export function giveUp(attempt: Attempt, destination: string, { forMs, mostMs, othersPass }: Stopped): Attempt {
  const { outcome, error } = attempt;
  if (outcome.state !== "retrying" || !error || forMs <= mostMs) return attempt;
  const itsOwn = error.code === "PATIENT_NOT_YET_KNOWN" || (othersPass && !ABOUT_THE_WAY.has(error.code));
  if (!itsOwn) return attempt;
  const text = `delivering to ${destination}: it stopped its conversation for too long, the last time with ${error.code}`;
  const over = new BotenstoffError("STOPPED_TOO_LONG", text, { cause: error });
  return {
    outcome: { ...outcome, state: "failed", lastError: describeError(over.code, over.message) },
    error: over,
  };
}

/** While a destination is away it can show nothing. */
const AWAY: ReadonlySet<string> = new Set(["DESTINATION_UNREACHABLE", "DESTINATION_UNTRUSTED"]);

/**
 * Gives a delivery up that its destination accepted and has not shown for longer than the channel allows, whatever the read
 * said, unless the destination is away.
 */
export function giveUpReading(
  attempt: Attempt,
  { id, shownWithinMs }: Pick<RunningDestination, "id" | "shownWithinMs">,
  acceptedForMs: number,
): Attempt {
  const { outcome, error, unread } = attempt;
  const cause = error ?? unread;
  if (outcome.state !== "accepted" || acceptedForMs <= shownWithinMs || AWAY.has(cause?.code ?? "")) return attempt;
  const last = outcome.lastError?.split(":")[0] ?? "unknown";
  const text = `confirming at ${id}: it was not shown for too long, the last time with ${cause?.code ?? last}`;
  const over = new BotenstoffError("CONFIRMATION_OVERDUE", text, { cause });
  const lastError = describeError(over.code, over.message);
  return { outcome: { ...outcome, state: "failed", lastError, confirmInMs: null }, error: over };
}
