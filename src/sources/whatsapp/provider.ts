import type { Webhook } from "#src/sources/source.ts";
import type { Graph } from "./graph.ts";
import type { MediaHosts } from "./media-hosts.ts";

/** All that differs between the providers of the WhatsApp Business Platform; the messages are the same at each. */
export interface Provider {
  readonly graph: Graph;
  readonly hosts: MediaHosts;
  readonly webhook: Webhook;
}
