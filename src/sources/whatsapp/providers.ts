import type { Dispatcher } from "undici";
import type { WhatsappConfig } from "./config.ts";
import { open360dialog } from "./dialog360.ts";
import { openMeta } from "./meta.ts";
import type { Provider } from "./provider.ts";

/** The provider a channel names. */
export function openProvider(config: WhatsappConfig, dispatcher: Dispatcher): Provider {
  switch (config.provider) {
    case "meta":
      return openMeta(config, dispatcher);
    case "360dialog":
      return open360dialog(config, dispatcher);
  }
}
