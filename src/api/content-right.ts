import { may, type Principal } from "#src/audit/principal.ts";
import type { DeliveryView, MessageView } from "./message-schema.ts";
import { forbidden } from "./problem.ts";
import type { RouteContext } from "./route.ts";

/** @throws Problem 403 for whoever may not read content, on the channel where one is given */
export function mustRead({ principal }: RouteContext, channel?: string): void {
  if (!may(principal, "content.read", channel)) throw forbidden;
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
