import { Agent } from "undici";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { Source, SourceSpec } from "#src/sources/source.ts";
import { whatsappConfig } from "./config.ts";
import type { WhatsappConfig } from "./config.ts";
import { graphAddress, readNode } from "./graph.ts";
import type { Graph } from "./graph.ts";
import { mediaHosts } from "./media-hosts.ts";
import { fetchMedia } from "./media.ts";
import { cut } from "./payload.ts";
import { webhook } from "./signature.ts";

/** WhatsApp Business Platform, Cloud API: webhooks in, attachments fetched from the Graph API. */
export const whatsappSource: SourceSpec<WhatsappConfig> = {
  type: "whatsapp",
  summary: "Messages to a WhatsApp business number, through Meta's Cloud API.",
  config: whatsappConfig,
  open: openSource,
};

function openSource(config: WhatsappConfig): Source {
  const silenceMs = config.fetch_timeout_secs * 1_000;
  const dispatcher = new Agent({
    connect: { timeout: silenceMs },
    headersTimeout: silenceMs,
    bodyTimeout: silenceMs,
  });
  const graph = { url: graphAddress(config.graph_url, config.graph_version), token: config.access_token, dispatcher };
  const media = {
    graph,
    hosts: mediaHosts(graph.url, config.media_hosts),
    phoneNumberId: config.phone_number_id,
    maxBytes: config.max_attachment_bytes,
  };
  const secrets = [config.app_secret, ...(config.previous_app_secret ? [config.previous_app_secret] : [])];
  return {
    split: (event) => cut(event, config.phone_number_id),
    webhook: webhook(config.verify_token, secrets),
    fetch: (reference, signal) => fetchMedia(media, reference, signal),
    check: (signal) => check(graph, config.phone_number_id, signal),
    close: () => dispatcher.close(),
  };
}

/** Reads the business number with the channel's token: proves address, version, token and number at once. */
async function check(graph: Graph, phoneNumberId: string, signal: AbortSignal): Promise<void> {
  const answer = await readNode(graph, phoneNumberId, { fields: "id" }, signal);
  if ("found" in answer) return;
  const code = ({ token: "MEDIA_UNAUTHORIZED", absent: "CONFIG_INVALID", other: "MEDIA_UNAVAILABLE" } as const)[
    answer.refused
  ];
  throw new BotenstoffError(code, `checking the Graph API: reading the phone_number_id was answered ${answer.status}`);
}
