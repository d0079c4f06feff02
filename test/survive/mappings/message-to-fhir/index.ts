import { existsSync } from "node:fs";
import mapping from "../../../../mappings/message-to-fhir/index.ts";

/** The shipped mapping, which some texts kill or freeze while there is a certain file. */
export default {
  ...mapping,
  map: (message: Parameters<typeof mapping.map>[0], context: Parameters<typeof mapping.map>[1]) => {
    const text = message.content.kind === "text" ? message.content.text : "";
    if (text.includes("Gift") && existsSync(process.env["POISON_FILE"] ?? "")) {
      if (!text.includes("das lähmt")) process.kill(process.pid, "SIGKILL");
      for (;;);
    }
    return mapping.map(message, context);
  },
};
