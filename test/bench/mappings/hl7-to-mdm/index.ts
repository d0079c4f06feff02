import { z } from "zod";
import { parseHl7Text } from "#src/hl7/parse.ts";
import type { Hl7Message } from "#src/hl7/message.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { controlId } from "#src/message/id.ts";
import { defineMapping } from "#src/message/mapping.ts";

/** The benchmark's own: an HL7 message becomes a document about the same patient with the same observations. */
export default defineMapping<object, Hl7Message>({
  output: "hl7",
  version: "1",
  // The destination adds what its profile wants; nothing of it matters here.
  params: z.looseObject({}),
  map(message, { routedAt }) {
    if (message.content.kind !== "hl7") throw new BotenstoffError("MAPPING_FAILED", "mapping hl7-to-mdm: not HL7");
    const source = parseHl7Text(message.content.text);
    const at = routedAt.replace(/[-:T]|\..*/g, "");
    const observations = source.segments.filter((name) => name === "OBX");
    return {
      segments: [
        {
          name: "MSH",
          fields: [
            "BENCH",
            "",
            "",
            "",
            at,
            "",
            ["MDM", "T02", "MDM_T02"],
            controlId(message.id),
            "P",
            "2.5.1",
            "",
            "",
            "",
            "",
            "",
            "UNICODE UTF-8",
          ],
        },
        { name: "EVN", fields: [undefined, at] },
        {
          name: "PID",
          fields: ["1", "", source.value("PID", 3), "", [source.value("PID", 5), source.value("PID", 5, 2)]],
        },
        { name: "PV1", fields: ["1", "N"] },
        { name: "TXA", fields: ["1", "CN", "TX", at] },
        ...observations.map((_, nth) => ({
          name: "OBX",
          fields: [String(nth + 1), "TX", ["TEXT", "", "L"], "", source.value("OBX", 5, 1, nth)],
        })),
      ],
    };
  },
});
