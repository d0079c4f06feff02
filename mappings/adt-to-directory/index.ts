import { getCountries } from "libphonenumber-js";
import { z } from "zod";
import type { DirectoryChange } from "#src/message/directory.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { defineMapping } from "#src/message/mapping.ts";
import { encounterOf } from "./encounter.ts";
import type { CaseState } from "./encounter.ts";
import { component, fieldsOf } from "./field.ts";
import { patientOf } from "./patient.ts";

const params = z.strictObject({
  country: z
    .enum(getCountries())
    .default("DE")
    .describe("Where a phone number without country code belongs, ISO 3166."),
  time_zone: z.string().default("Europe/Berlin").describe("Zone of timestamps without an offset, IANA name."),
});

/** What each trigger says about the case; "person" carries none (HL7 v2.5.1 ch. 3). */
const TRIGGERS: Readonly<Record<string, CaseState | "person">> = {
  A01: "open",
  A02: "open",
  A03: "closed",
  A04: "open",
  A05: "open",
  A06: "open",
  A07: "open",
  A08: "told",
  A11: "closed",
  A13: "open",
  A28: "person",
  A31: "person",
};

/** An ADT message as a change of the engine's own directory: the person of PID and the case of PV1. */
export default defineMapping<z.output<typeof params>, DirectoryChange>({
  output: "directory",
  version: "1",
  params,
  map({ content }, { params: { country, time_zone: timeZone } }) {
    if (content.kind !== "hl7") {
      throw new BotenstoffError(
        "MAPPING_FAILED",
        `mapping adt-to-directory: a message of kind "${content.kind}" is no ADT`,
      );
    }
    const fields = fieldsOf(content.text);
    const [type] = fields("MSH", 9);
    const trigger = type ? component(type, 2) : "";
    if (!type || component(type, 1) !== "ADT") {
      throw new BotenstoffError("HL7_UNSUPPORTED", "mapping adt-to-directory: MSH-9 is not ADT");
    }
    const state = TRIGGERS[trigger];
    if (state === undefined) {
      return {
        type: "ignore",
        reason: `trigger ${/^[A-Z]\d\d$/.test(trigger) ? trigger : "unknown"} changes nothing here`,
      };
    }
    const patient = patientOf(fields, country);
    const encounter = state === "person" ? undefined : encounterOf(fields, state, timeZone);
    return { type: "upsert", patient, ...(encounter && { encounter }) };
  },
});
