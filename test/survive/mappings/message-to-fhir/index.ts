import mapping from "../../../../mappings/message-to-fhir/index.ts";

/** The shipped mapping, which some texts kill or freeze. */
export default {
  ...mapping,
  map: (message: Parameters<typeof mapping.map>[0], context: Parameters<typeof mapping.map>[1]) => {
    const text = message.content.kind === "text" ? message.content.text : "";
    if (process.env["POISON"] !== undefined && text.includes("Gift")) {
      if (process.env["POISON"] === "kills") process.kill(process.pid, "SIGKILL");
      for (;;);
    }
    return mapping.map(message, context);
  },
};
