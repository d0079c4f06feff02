import { z } from "zod";
import { own, type RouteDescription } from "../route.ts";

const params = z.strictObject({ channel: z.string() });
const common = { tag: "webhooks", path: "/webhooks/:channel", right: "anyone", params, names: "webhook" } as const;

/** Described with the others, served apart: what is posted here is taken in before Express sees it (webhooks.ts). */
export const WEBHOOKS: readonly RouteDescription[] = [
  {
    ...common,
    operationId: "verifyWebhook",
    method: "get",
    summary: "Answers the provider's verification",
    answer: own("text/plain", "The challenge, verbatim."),
    problems: { 403: "The verification does not match, or the client certificate is missing." },
  },
  {
    ...common,
    operationId: "takeEvent",
    method: "post",
    summary: "Takes an event; answers once its messages are durable",
    answer: { ...own("text/plain", "The event is durable."), empty: true },
    problems: {
      401: "The signature does not match; nothing was stored.",
      403: "The client certificate is missing.",
      408: "Too slow.",
      413: "Larger than 3 MB.",
      415: "Compressed.",
      429: "Unproven, again and again; what is signed is still taken.",
      503: "Nothing was stored; send it again.",
    },
  },
];
