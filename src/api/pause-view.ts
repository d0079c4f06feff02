import { z } from "zod";
import { listPauses } from "#src/store/sql/pauses.ts";
import type { ApiDeps } from "./deps.ts";

export const pauseSchema = z
  .strictObject({ since: z.iso.datetime(), until: z.iso.datetime(), reason: z.string() })
  .nullable()
  .describe("A person has stopped its work for a time; what arrives is taken in and waits.");

type PauseView = z.infer<typeof pauseSchema>;

/** Which channels are paused now, on every engine. */
export async function pausesNow({ store, now }: Pick<ApiDeps, "store" | "now">): Promise<Map<string, PauseView>> {
  const pauses = await listPauses(store, new Date(now()));
  return new Map(
    pauses.map(({ channel, reason, beginsAt, endsAt }) => [
      channel,
      { since: beginsAt.toISOString(), until: endsAt.toISOString(), reason },
    ]),
  );
}
