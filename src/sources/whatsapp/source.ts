import { BotenstoffError } from "#src/message/error-code.ts";
import type { Source, SourceContext, SourceSpec, Webhook } from "#src/sources/source.ts";
import { HttpConnections } from "#src/wire/http/dispatcher.ts";
import { chosenProxy } from "#src/wire/http/proxy.ts";
import { addressOf } from "./address.ts";
import { whatsappConfig } from "./config.ts";
import type { WhatsappConfig } from "./config.ts";
import { readProbe } from "./graph.ts";
import type { Graph } from "./graph.ts";
import { forgetMedia } from "./forget.ts";
import { fetchMedia } from "./media.ts";
import { cut } from "./payload.ts";
import { openProvider } from "./providers.ts";

/** WhatsApp Business Platform, Cloud API, at Meta or a provider in front of it: webhooks in, attachments fetched. */
export const whatsappSource: SourceSpec<WhatsappConfig> = {
  type: "whatsapp",
  name: "WhatsApp",
  summary: "Messages to a WhatsApp business number, through Meta's Cloud API or 360dialog.",
  listens: false,
  config: whatsappConfig,
  open: openSource,
};

function openSource(config: WhatsappConfig, context: SourceContext): Source {
  const silenceMs = config.fetch_timeout_secs * 1_000;
  const proxy = chosenProxy(config.proxy, context.proxy);
  const connections = new HttpConnections({ connectTimeoutMs: silenceMs, silenceMs, ...(proxy && { proxy }) });
  const dispatcher = connections.current();
  const { graph, hosts, webhook } = openProvider(config, dispatcher);
  const media = { graph, hosts, maxBytes: config.max_attachment_bytes };
  return {
    split: (event) => cut(event, config.phone_number_id, config.unknown_kinds),
    address: addressOf(config.phone_number_id),
    webhook: withCertificate(webhook, config.client_certificate),
    fetch: (reference, signal) => fetchMedia(media, reference, signal),
    forget: (reference, signal) => forgetMedia(graph, reference, signal),
    check: (signal) => check(graph, signal),
    close: () => connections.close(),
  };
}

/** A webhook that believes nobody without the client certificate the channel names, whatever he has signed. */
function withCertificate(webhook: Webhook, clientName: string | undefined): Webhook {
  if (clientName === undefined) return webhook;
  return {
    ...webhook,
    clientName,
    authenticate: (request) => request.certificateName === clientName && webhook.authenticate(request),
  };
}

/** Reads the business number with the channel's token, or what the provider offers in its place. */
async function check(graph: Graph, signal: AbortSignal): Promise<void> {
  const answer = await readProbe(graph, signal).catch((cause: unknown) => {
    const reason = Error.isError(cause) ? cause.message : "no answer";
    throw new BotenstoffError("PROVIDER_CHECK_FAILED", reason, { cause });
  });
  if ("found" in answer) return;
  const code = answer.refused === "token" ? "MEDIA_UNAUTHORIZED" : "PROVIDER_CHECK_FAILED";
  throw new BotenstoffError(
    code,
    `checking the Graph API: asked for ${graph.probe} with this token, it answered ${answer.status}${answer.said}`,
  );
}
