import { z } from "zod";
import { Secret } from "#src/message/secret.ts";

/** After "*." at least two labels, so that nobody names a whole top-level domain. */
const MEDIA_HOST = /^(\*\.[a-z0-9-]+\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?$/;

const secret = z
  .string()
  .min(1)
  .transform((value) => new Secret(value));

const GRAPH_URL = "https://graph.facebook.com";
const GRAPH_VERSION = "v25.0";
const MEDIA_HOSTS = ["*.fbsbx.com", "*.fbcdn.net"];
const MAX_ATTACHMENT_BYTES = 100 * 1024 * 1024;
const FETCH_TIMEOUT_SECS = 60;

/** "" counts as not set, because that is what an empty environment variable gives. */
function empty<T>(fallback: T) {
  return z.literal("").transform(() => fallback);
}

export const whatsappConfig = z.strictObject({
  type: z.literal("whatsapp").describe("WhatsApp Business Platform, Cloud API."),
  phone_number_id: z
    .string()
    .regex(/^\d+$/)
    .describe("Phone number ID of the business number (WhatsApp Manager → API setup); not the number itself."),
  app_secret: secret.describe("App secret of the Meta app; proves that a webhook comes from Meta."),
  previous_app_secret: z
    .string()
    .transform((value) => (value === "" ? undefined : new Secret(value)))
    .optional()
    .describe("The app secret before a rotation, accepted as well until it is removed here."),
  verify_token: secret.describe("The token typed into the Meta app's webhook settings."),
  access_token: secret.describe("System user token with whatsapp_business_messaging; fetches attachments."),
  graph_url: empty(GRAPH_URL)
    .or(z.url({ protocol: /^https?$/ }))
    .default(GRAPH_URL)
    .describe("Address of the Graph API. http:// is meant for the simulator only."),
  graph_version: empty(GRAPH_VERSION)
    .or(z.string().regex(/^v\d{1,3}(\.\d{1,2})?$/))
    .default(GRAPH_VERSION)
    .describe("Version of the Graph API; ignored when graph_url already ends in one."),
  media_hosts: empty(MEDIA_HOSTS)
    .or(z.array(z.string().toLowerCase().regex(MEDIA_HOST)))
    .default(MEDIA_HOSTS)
    .describe('Hosts attachments may come from, besides graph_url\'s own: "host", "host:port" or "*.domain".'),
  max_attachment_bytes: empty(MAX_ATTACHMENT_BYTES)
    .or(z.coerce.number().int().positive())
    .default(MAX_ATTACHMENT_BYTES)
    .describe("Largest attachment accepted, in bytes. Meta delivers up to 100 MB."),
  fetch_timeout_secs: empty(FETCH_TIMEOUT_SECS)
    .or(z.coerce.number().positive().max(600))
    .default(FETCH_TIMEOUT_SECS)
    .describe("Seconds without a single byte after which a fetch is given up and tried again later."),
});

export type WhatsappConfig = z.output<typeof whatsappConfig>;
