import { z } from "zod";
import { Secret } from "#src/message/secret.ts";
import { insecureMember, plainHttp } from "#src/wire/http/plain.ts";
import { proxyMember } from "#src/wire/http/proxy.ts";

/** After "*." at least two labels, so that nobody names a whole top-level domain. */
const MEDIA_HOST = /^(\*\.[a-z0-9-]+\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?$/;

const secret = z
  .string()
  .min(1)
  .transform((value) => new Secret(value));

const TOKEN_HEADER = "x-webhook-token";
const GRAPH_VERSION = "v25.0";
const MEDIA_HOSTS = ["*.fbsbx.com", "*.fbcdn.net"];
const MAX_ATTACHMENT_BYTES = 100 * 1024 * 1024;
const FETCH_TIMEOUT_SECS = 60;

const optionalSecret = z
  .string()
  .transform((value) => (value === "" ? undefined : new Secret(value)))
  .optional();

/** "" counts as not set, because that is what an empty environment variable gives. */
function empty<T>(fallback: T) {
  return z.literal("").transform(() => fallback);
}

const fields = z.strictObject({
  type: z.literal("whatsapp").describe("WhatsApp Business Platform, Cloud API."),
  provider: empty<"meta">("meta")
    .or(z.enum(["meta", "360dialog"]))
    .default("meta")
    .describe("Who the business number is connected through: Meta itself, or 360dialog."),
  phone_number_id: z
    .string()
    .regex(/^\d+$/)
    .describe("Phone number ID of the business number (WhatsApp Manager → API setup); not the number itself."),
  app_secret: optionalSecret.describe(
    "Meta: app secret of the Meta app, required. 360dialog: platform secret of a partner. Key of the webhook signature.",
  ),
  previous_app_secret: optionalSecret.describe(
    "The app secret before a rotation, accepted as well until it is removed here.",
  ),
  verify_token: optionalSecret.describe("Meta: the token typed into the app's webhook settings, required."),
  webhook_token: optionalSecret.describe(
    "360dialog: the value of the header set together with the webhook's address; this or app_secret is required.",
  ),
  previous_webhook_token: optionalSecret.describe(
    "The webhook token before a rotation, accepted as well until it is removed here.",
  ),
  webhook_token_header: empty(TOKEN_HEADER)
    .or(
      z
        .string()
        .toLowerCase()
        .regex(/^[a-z0-9-]+$/),
    )
    .default(TOKEN_HEADER)
    .describe("360dialog: the name of that header."),
  client_certificate: z
    .string()
    .transform((name) => (name === "" ? undefined : name))
    .optional()
    .describe(
      "Common name of the client certificate webhooks must come with, for Meta client.webhooks.fbclientcerts.com; " +
        "needs BOTENSTOFF_TLS_CLIENT_CA_FILE or BOTENSTOFF_PROXY_ADDRESSES.",
    ),
  access_token: secret.describe(
    "Meta: system user token with whatsapp_business_messaging. 360dialog: the API key. Fetches attachments.",
  ),
  graph_url: z
    .literal("")
    .transform(() => undefined)
    .or(z.url({ protocol: /^https?$/ }))
    .optional()
    .describe("Address of the Graph API, by default the provider's. http:// is meant for the simulator only."),
  graph_version: empty(GRAPH_VERSION)
    .or(z.string().regex(/^v\d{1,3}(\.\d{1,2})?$/))
    .default(GRAPH_VERSION)
    .describe("Meta: version of the Graph API; ignored when graph_url already ends in one."),
  media_hosts: empty(MEDIA_HOSTS)
    .or(z.array(z.string().toLowerCase().regex(MEDIA_HOST)))
    .default(MEDIA_HOSTS)
    .describe('Hosts attachments may come from, besides graph_url\'s own: "host", "host:port" or "*.domain".'),
  unknown_kinds: empty<"hold">("hold")
    .or(z.enum(["hold", "placeholder"]))
    .default("hold")
    .describe("A kind of message the engine cannot read waits for a person (hold), or is filed as a placeholder."),
  max_attachment_bytes: empty(MAX_ATTACHMENT_BYTES)
    .or(z.coerce.number().int().positive())
    .default(MAX_ATTACHMENT_BYTES)
    .describe("Largest attachment accepted, in bytes. Meta delivers up to 100 MB."),
  fetch_timeout_secs: empty(FETCH_TIMEOUT_SECS)
    .or(z.coerce.number().positive().max(600))
    .default(FETCH_TIMEOUT_SECS)
    .describe("Seconds without a single byte after which a fetch is given up and tried again later."),
  proxy: proxyMember("environment"),
  insecure: insecureMember,
});

export const whatsappConfig = fields.superRefine((said, context) => {
  const missing = (member: string, message: string) => context.addIssue({ code: "custom", path: [member], message });
  const plain = said.graph_url === undefined ? undefined : plainHttp(said.graph_url, said.insecure);
  if (plain !== undefined) missing("graph_url", plain);
  if (said.provider === "meta") {
    if (!said.app_secret) missing("app_secret", "Missing: Meta signs webhooks with it");
    if (!said.verify_token) missing("verify_token", "Missing: Meta's handshake asks for it");
  } else if (!said.app_secret && !said.webhook_token) {
    missing("webhook_token", "Missing: without it or app_secret nobody could tell 360dialog from a stranger");
  }
});

export type WhatsappConfig = z.output<typeof whatsappConfig>;

/** The secret in use and, during a rotation, the one before. */
export function secretsOf(...secrets: readonly (Secret | undefined)[]): readonly Secret[] {
  return secrets.filter((one) => one !== undefined);
}
