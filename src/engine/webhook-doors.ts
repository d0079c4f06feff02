import type { WebhookDoor } from "#src/api/deps.ts";
import type { Deployment } from "#src/deployment/deployment.ts";
import type { Intake } from "#src/pipeline/intake/intake.ts";
import { shareOut } from "#src/pipeline/intake/share-out.ts";
import type { InboundEvent, WebhookRequest } from "#src/sources/source.ts";

/** The webhooks of the channels that run: what comes in by one is shared out to every channel whose address it names. */
export function webhookDoors(
  deployment: Pick<Deployment, "get" | "all">,
  intake: Intake,
): (id: string) => WebhookDoor | undefined {
  /** The one channel that owns the address and would have believed the request at its own door. */
  const ownerOf = (address: string, request: WebhookRequest): string | undefined => {
    const owners = deployment.all().filter(({ source }) => source.address === address);
    const [owner] = owners;
    return owners.length === 1 && owner?.source.webhook?.authenticate(request) ? owner.id : undefined;
  };
  return (id) => {
    const channel = deployment.get(id);
    const webhook = channel?.source.webhook;
    if (!channel || !webhook) return undefined;
    return {
      ...(webhook.clientName !== undefined && { clientName: webhook.clientName }),
      challenge: (query: URLSearchParams) => webhook.challenge(query),
      authenticate: (request: WebhookRequest) => webhook.authenticate(request),
      intake: async (event: InboundEvent, request: WebhookRequest) => {
        await intake(
          event,
          shareOut(id, channel.source.split(event), (address) => ownerOf(address, request)),
        );
      },
    };
  };
}
