import type { CaseRule } from "#src/message/case-rule.ts";
import type { Encounter } from "#src/message/directory.ts";
import type { CaseView } from "./case.ts";

/** The one case that fits; none where several do: what is written is then filed to the patient. @param at when it was written */
export function fittingCase(cases: readonly CaseView[], rule: CaseRule, at: number): Encounter | undefined {
  for (const state of rule.states) {
    const fitting = cases.filter((one) => one.state === state && fits(one, rule, at));
    if (fitting.length > 0) return fitting.length === 1 ? fitting[0]?.encounter : undefined;
  }
  return undefined;
}

/** What nothing is known of does not fit where the rule asks for it. */
function fits({ encounter, state }: CaseView, rule: CaseRule, at: number): boolean {
  const { class: kind = "", location = [], admittedAt, dischargedAt } = encounter;
  const among = (value: string | undefined, wanted: readonly string[] | undefined) =>
    wanted === undefined || (value !== undefined && wanted.includes(value));
  if (!among(kind, rule.classes) || !among(location[0], rule.wards) || !among(location[3], rule.facilities))
    return false;
  const { beforeAdmissionMs, afterDischargeMs } = rule;
  if (beforeAdmissionMs !== undefined && !(at >= Date.parse(admittedAt ?? "") - beforeAdmissionMs)) return false;
  if (state !== "closed") return true;
  const begun = admittedAt === undefined || beforeAdmissionMs !== undefined || at >= Date.parse(admittedAt);
  return begun && at <= Date.parse(dischargedAt ?? "") + afterDischargeMs;
}
