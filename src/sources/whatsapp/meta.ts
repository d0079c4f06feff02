import type { Dispatcher } from "undici";
import type { Secret } from "#src/message/secret.ts";
import type { Webhook } from "#src/sources/source.ts";
import type { WhatsappConfig } from "./config.ts";
import { secretsOf } from "./config.ts";
import { mediaHosts } from "./media-hosts.ts";
import type { Provider } from "./provider.ts";
import { answersChallenge, hmacFits } from "./signature.ts";

const GRAPH_URL = "https://graph.facebook.com";

/** Meta writes 64 lower-case hex digits; anything else was not written by Meta. */
const SIGNATURE = /^sha256=([0-9a-f]{64})$/;

/** The Cloud API at Meta itself: bearer token, X-Hub-Signature-256 under the app secret, media where Meta says it is. */
export function openMeta(config: WhatsappConfig, dispatcher: Dispatcher): Provider {
  const url = graphAddress(config.graph_url ?? GRAPH_URL, config.graph_version);
  return {
    graph: {
      url,
      dispatcher,
      credentials: () => ({ authorization: `Bearer ${config.access_token.reveal()}` }),
      mediaQuery: { phone_number_id: config.phone_number_id },
      probe: `${config.phone_number_id}?fields=id`,
    },
    hosts: mediaHosts(url, config.media_hosts),
    webhook: metaWebhook(config.verify_token, secretsOf(config.app_secret, config.previous_app_secret)),
  };
}

/** The HTTP side of the Cloud API: the subscription handshake and X-Hub-Signature-256. */
export function metaWebhook(verifyToken: Secret | undefined, appSecrets: readonly Secret[]): Webhook {
  return {
    challenge: (query) => answersChallenge(query, verifyToken),
    authenticate: ({ headers, raw }) => hmacFits(headers["x-hub-signature-256"], SIGNATURE, raw, appSecrets),
  };
}

/** The address of the Graph API with its version, appended unless it is already there. */
function graphAddress(url: string, version: string): URL {
  const base = url.replace(/\/+$/, "");
  return new URL(/\/v\d+(\.\d+)?$/.test(base) ? base : `${base}/${version}`);
}
