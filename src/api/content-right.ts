import { may, type Principal } from "#src/audit/principal.ts";
import { openContentGrant } from "#src/store/sql/content-grants.ts";
import type { DeliveryView, MessageView } from "./message-schema.ts";
import { forbidden } from "./problem.ts";
import type { RouteContext } from "./route.ts";

/** @throws Problem 403 for whoever may not read content, on the channel where one is given */
export function mustRead({ principal }: RouteContext, channel?: string): void {
  if (!may(principal, "content.read", channel)) throw forbidden;
}

/**
 * Whether the caller may read this message: by a role, or by leave that another person gave him for it.
 * @returns what the journal says of the reading @throws Problem 403
 */
export async function leaveToRead(
  { deps, principal }: RouteContext,
  message: Pick<MessageView, "id" | "channel">,
): Promise<{ grant?: string }> {
  if (may(principal, "content.read", message.channel)) return {};
  const grant = await openContentGrant(deps.store, message.id, principal.actor, new Date(deps.now()));
  if (!grant || !may(principal, "content.ask", message.channel)) throw forbidden;
  return { grant: grant.id };
}

/**
 * What of a message reaches whoever lacks `identifiers.read`: a wamid holds the number, and a destination's answer may
 * hold a name.
 */
export function impersonal<View extends MessageView & { deliveries?: DeliveryView[] }>(
  principal: Principal,
  message: View,
): View {
  if (may(principal, "identifiers.read", message.channel)) return message;
  const deliveries = message.deliveries?.map((delivery) => ({ ...delivery, receipt: null, confirmation: null }));
  return { ...message, external_id: null, ...(deliveries && { deliveries }) };
}
