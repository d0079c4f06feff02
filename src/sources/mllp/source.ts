import { Episodes, QUIET_MS } from "#src/telemetry/episodes.ts";
import type { Charset } from "#src/hl7/charset.ts";
import type { Source, SourceContext, SourceSpec } from "../source.ts";
import { mllpSourceConfig, type MllpSourceConfig } from "./config.ts";
import { draftOf, readFrame } from "./draft.ts";
import { listen, tryPort } from "./listener.ts";

/** HL7 v2 messages of the KIS, ADT first of all: durable before they are acknowledged. */
export const mllpSource: SourceSpec<MllpSourceConfig> = {
  type: "mllp",
  name: "HL7",
  summary: "ADT messages over MLLP",
  listens: true,
  config: mllpSourceConfig,
  open,
};

function open(settings: MllpSourceConfig, context: SourceContext): Source {
  const charset = settings.charset as Charset | undefined;
  return {
    split: (event) => ({ messages: [draftOf(event, readFrame(event.raw, charset), settings.order)], notices: [] }),
    listen: (accept) => listen({ settings, context, accept, refusals: new Episodes(QUIET_MS) }),
    check: () => tryPort(settings),
    close: () => Promise.resolve(),
  };
}
