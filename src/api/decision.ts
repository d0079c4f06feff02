import { z } from "zod";
import { impersonal } from "./content-right.ts";
import type { MessageDetailView } from "./message-schema.ts";
import { showMessage } from "./message-view.ts";
import { notFound } from "./problem.ts";
import type { RouteContext } from "./route.ts";

/** What a person writes for the journal, which keeps it as JSON in PostgreSQL and so no U+0000. */
export function words(max: number): z.ZodString {
  return z
    .string()
    .trim()
    .min(1)
    .max(max)
    .refine((text) => !text.includes("\0"), "must not contain U+0000");
}

/** After a decision: tells what became of the message, which goes on at once. */
export async function decided({ deps, principal }: RouteContext, id: string): Promise<MessageDetailView> {
  const message = await showMessage(deps, id);
  if (!message) throw notFound("message");
  deps.wake(message.channel);
  return impersonal(principal, message);
}
