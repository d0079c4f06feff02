import { z } from "zod";
import type { Principal } from "#src/audit/principal.ts";
import { impersonal } from "./content-right.ts";
import type { MessageDetailView } from "./message-schema.ts";
import { showMessage } from "./message-view.ts";
import { notFound, Problem } from "./problem.ts";
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

/** Who decided, where a machine asks for somebody; whoever is signed in is in the journal by his own name. */
export const decider = words(100)
  .optional()
  .describe("Who decided; the journal keeps it. Required of machines: who is signed in is known.");

/** What the journal keeps of a decision. @param by the member that names who decided */
export function detailOf<Body extends Readonly<Record<string, string | undefined>>>(
  principal: Principal,
  body: Body,
  by: keyof Body & string,
): Record<string, string> {
  if (!principal.person && body[by] === undefined) {
    throw new Problem(400, "problem:invalid-body", "Invalid body", `${by}: required of machines`);
  }
  return Object.fromEntries(
    Object.entries(body).filter((member): member is [string, string] => member[1] !== undefined),
  );
}

/** After a decision: tells what became of the message, which goes on at once. */
export async function decided({ deps, principal }: RouteContext, id: string): Promise<MessageDetailView> {
  const message = await showMessage(deps, id);
  if (!message) throw notFound("message");
  deps.wake(message.channel);
  return impersonal(principal, message);
}
