import { z } from "zod";
import { CASE_STATES, type CaseRule } from "#src/message/case-rule.ts";
import { duration } from "./duration.ts";

const names = z.array(z.string().trim().min(1)).min(1).optional();

/** Which case messages of a channel are filed to. */
export const caseRule = z
  .strictObject({
    status: z
      .array(z.enum(CASE_STATES))
      .min(1)
      .default(["open", "planned"])
      .describe("States of cases that count, in this order: the first of which any case fits decides."),
    class: names.describe("PV1-2: I inpatient, O outpatient, E emergency, …"),
    ward: names.describe("PV1-3.1, the ward."),
    facility: names.describe("PV1-3.4, the house."),
    before_admission: duration
      .optional()
      .describe("So long before its admission a case counts, ISO 8601; without it whenever it begins."),
    after_discharge: duration
      .optional()
      .describe("So long after its discharge a closed case counts, ISO 8601; without it not a moment."),
  })
  .refine(({ status, after_discharge: after }) => after === undefined || status.includes("closed"), {
    path: ["after_discharge"],
    message: "Means nothing unless status has closed",
  })
  .refine(({ status }) => new Set(status).size === status.length, { path: ["status"], message: "A state twice" })
  .transform(
    ({
      status,
      class: classes,
      ward: wards,
      facility: facilities,
      before_admission: before,
      after_discharge: after,
    }): CaseRule => ({
      states: status,
      ...(classes && { classes }),
      ...(wards && { wards }),
      ...(facilities && { facilities }),
      ...(before !== undefined && { beforeAdmissionMs: before }),
      afterDischargeMs: after ?? 0,
    }),
  )
  .describe(
    "Which case a message is filed to, by when it was written: only where exactly one fits, else to the patient.",
  );
