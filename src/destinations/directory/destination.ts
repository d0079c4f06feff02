import { createHash } from "node:crypto";
import { z } from "zod";
import type { DirectoryChange } from "#src/message/directory.ts";
import type { DestinationSpec, Receipt } from "../destination.ts";

const config = z.strictObject({
  type: z.literal("directory").describe("The engine's own index of patients, cases and phone numbers."),
});

/** More numbers than this one message neither takes nor moves, unless something is wrong with its sender. */
const MANY_NUMBERS = 10;

type DirectoryConfig = z.infer<typeof config>;

/**
 * Feeds the engine's own directory. `send` resolves after the commit, so the evidence of the apply is the
 * confirmation: there is no second system whose word would have to be checked.
 */
export const directoryDestination: DestinationSpec<DirectoryConfig> = {
  type: "directory",
  summary: "Keeps the engine's index of patients, cases and phone numbers up to date.",
  takes: "directory",
  confirms: true,
  config,
  open(_config, context) {
    return {
      // One at a time: two ADT messages about one patient meet in the same rows.
      concurrency: 1,
      async send(job): Promise<Receipt> {
        // The channel's lint pairs this destination only with mappings whose output is "directory".
        const change = job.output as DirectoryChange;
        const { outcome, evidence, numbers } = await context.applyToDirectory(change, job.messageId);
        context.count(outcome);
        for (const [what, count] of Object.entries(numbers ?? {}))
          if (count > 0) context.count(`number_${what}`, count);
        if (numbers && numbers.lost + numbers.moved > MANY_NUMBERS)
          context.log("warn", "directory.many_numbers", { message: job.messageId, ...numbers });
        const remarks = change.type === "update" ? change.updates.flatMap(({ remarks: told = [] }) => told) : [];
        for (const { place, reason } of remarks) {
          context.count(`phone_not_used_${reason}`);
          context.log("info", "directory.phone_not_used", { message: job.messageId, place, reason });
        }
        return {
          sentSha256: createHash("sha256").update(canonicalJson(change)).digest("hex"),
          answer: remarks.length === 0 ? evidence : { ...(evidence as object), not_used: remarks },
        };
      },
      confirm: (_job, receipt) => Promise.resolve({ state: "confirmed", evidence: receipt.answer }),
      check: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  },
};

/** JSON with sorted keys, so that equal changes have equal bytes however they were put together. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
