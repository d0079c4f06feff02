import { BotenstoffError } from "#src/message/error-code.ts";
import type { Fit } from "#src/message/mapping.ts";
import { Undrawable } from "#src/rendition/undrawable.ts";
import type { DestinationContext, Job } from "./destination.ts";

type Told = Pick<DestinationContext, "count" | "log">;

/** More pictures that cannot be drawn than this come to light at a time, or never. */
const ROUNDS = 3;

/**
 * Works with a job's output; where pictures of it turn out not to be drawable it is rendered once more, with those as files
 * like any other. Which ones they are depends on their bytes alone, so a repeat is the same again.
 */
export async function withDrawable<T>(
  job: Job,
  told: Told,
  work: (output: unknown, fit: Fit | undefined) => Promise<T>,
  first?: Fit,
): Promise<T> {
  let fit = first;
  for (let round = 1; ; round += 1) {
    try {
      return await work(fit && job.fitted ? job.fitted(fit) : job.output, fit);
    } catch (error) {
      if (!(error instanceof Undrawable) || !job.fitted || round > ROUNDS) throw error;
      const known = new Set([...(fit?.undrawable ?? []), ...error.pictures]);
      if (known.size === (fit?.undrawable ?? []).length) throw error;
      fit = { ...fit, undrawable: [...known] };
      tellReduced(told, job, "undrawable");
    }
  }
}

/** How small attachments are made, in turn, for a destination that says no more than that it is too much; in the end none is sent. */
const STEPS = [4_000_000, 700_000, 150_000, 0];

/**
 * The same for a destination that may refuse a message for its size: what is too large of its attachments is made smaller, or
 * replaced by a line, in steps, until it takes the message.
 * @param largest the bytes of the largest attachment of an output
 */
export async function withinSize<T>(
  job: Job,
  told: Told,
  largest: (output: unknown) => number,
  work: (output: unknown, fit: Fit | undefined) => Promise<T>,
): Promise<T> {
  let left = largest(job.output);
  let refusal: unknown;
  for (const maxBytes of [undefined, ...STEPS]) {
    if (maxBytes !== undefined && left <= maxBytes) continue;
    try {
      return await withDrawable(job, told, work, maxBytes === undefined ? undefined : { maxBytes });
    } catch (error) {
      if (!(error instanceof BotenstoffError) || error.code !== "DESTINATION_TOO_LARGE") throw error;
      refusal = error;
      if (!job.fitted) throw error;
      if (maxBytes === undefined && left > 0) tellReduced(told, job, "too_large");
      left = Math.min(left, maxBytes ?? left);
    }
  }
  throw refusal;
}

function tellReduced({ count, log }: Told, { messageId: message }: Job, why: "too_large" | "undrawable"): void {
  count(why);
  log("warn", "delivery.reduced", { message, why });
}
