import type { Dispatcher } from "undici";
import type { Secret } from "#src/message/secret.ts";
import type { Webhook } from "#src/sources/source.ts";
import type { WhatsappConfig } from "./config.ts";
import { secretsOf } from "./config.ts";
import { mediaHosts } from "./media-hosts.ts";
import type { MediaHosts } from "./media-hosts.ts";
import type { Provider } from "./provider.ts";
import { hmacFits, tokenFits } from "./signature.ts";

const API_URL = "https://waba-v2.360dialog.io";

/** Bare hex digits in the documentation; some accounts see Meta's prefix. */
const SIGNATURE = /^(?:sha256=)?([0-9a-f]{64})$/;

/**
 * 360dialog in front of the Cloud API: an API key, no version in the path, and no X-Hub-Signature-256, because the Meta
 * app is 360dialog's. A webhook is proven by the header set together with its address, by x-360dialog-signature (of
 * partners), or by both.
 */
export function open360dialog(config: WhatsappConfig, dispatcher: Dispatcher): Provider {
  const url = new URL(config.graph_url ?? API_URL);
  return {
    graph: {
      url,
      dispatcher,
      credentials: () => ({ "d360-api-key": config.access_token.reveal() }),
      mediaQuery: {},
      probe: "v1/configs/webhook",
    },
    hosts: movedTo(url, mediaHosts(url, config.media_hosts)),
    webhook: dialog360Webhook({
      header: config.webhook_token_header,
      tokens: secretsOf(config.webhook_token, config.previous_webhook_token),
      platformSecrets: secretsOf(config.app_secret, config.previous_app_secret),
    }),
  };
}

/** How a webhook is proven at 360dialog: by each of the two that has a secret; with neither nobody is believed. */
interface Proofs {
  readonly header: string;
  readonly tokens: readonly Secret[];
  readonly platformSecrets: readonly Secret[];
}

/** The HTTP side of 360dialog. There is no handshake: the address is set by an API call with the key. */
export function dialog360Webhook({ header, tokens, platformSecrets }: Proofs): Webhook {
  return {
    challenge: () => undefined,
    authenticate: ({ headers, raw }) => {
      const token = tokens.length === 0 || tokenFits(headers[header], tokens);
      const signature =
        platformSecrets.length === 0 || hmacFits(headers["x-360dialog-signature"], SIGNATURE, raw, platformSecrets);
      return token && signature && tokens.length + platformSecrets.length > 0;
    },
  };
}

/** 360dialog hands out Meta's address of an attachment, but its own host serves the bytes: same path, same query. */
function movedTo(api: URL, hosts: MediaHosts): MediaHosts {
  return {
    pin(address, base) {
      const { pathname, search } = hosts.pin(address, base);
      return new URL(`${pathname}${search}`, api.origin);
    },
  };
}
