import { identifiersIn } from "#src/hl7/cx.ts";
import type { CxRules, Fields } from "#src/hl7/cx.ts";
import { OWN_TYPES } from "#src/hl7/pid.ts";
import type { DirectoryUpdate, Identifier } from "#src/message/directory.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { asCase, caseNumber } from "./case.ts";
import { MRG_IS_OPTIONAL, type Trigger } from "./triggers.ts";

type Merged = Pick<DirectoryUpdate, "retired" | "moved" | "cases">;

/**
 * What the n-th MRG says. Its identifiers are completed from PID-3: senders leave out the authority or the type there
 * that they name in PID. @throws BotenstoffError HL7_FIELD_MISSING
 */
export function mergeOf(
  fields: Fields,
  trigger: { readonly name: string } & Trigger,
  survivor: readonly Identifier[],
  rules: CxRules,
  nth: number,
): Merged {
  const merged: { -readonly [Member in keyof Merged]: Merged[Member] } = {};
  for (const what of trigger.merges ?? []) {
    if (what === "visit" || what === "account") {
      const cases = caseMoves(fields, trigger.name, what, rules, nth);
      merged.cases = [...(merged.cases ?? []), ...cases];
      continue;
    }
    // MRG-4 is where 2.1 to 2.3 had the person's other number.
    const [retired] = [1, 4].map((field) => identifiersIn(fields("MRG", field, nth), rules)).filter((ids) => ids[0]);
    if (!retired) throw missing("MRG-1");
    const complete = completion(survivor);
    const completed = retired.map(complete);
    merged[what === "person" ? "retired" : "moved"] = completed;
  }
  if (merged.cases?.length === 0 && !MRG_IS_OPTIONAL.has(trigger.name) && trigger.merges?.length === 1) {
    throw missing(trigger.merges[0] === "visit" ? "MRG-5" : "MRG-3");
  }
  return merged;
}

/** MRG-5 to PV1-19, MRG-3 to PID-18; a case that keeps its number only changes its patient. */
function caseMoves(
  fields: Fields,
  trigger: string,
  what: "visit" | "account",
  rules: CxRules,
  nth: number,
): NonNullable<Merged["cases"]> {
  const [former] = identifiersIn(fields("MRG", what === "visit" ? 5 : 3, nth), rules);
  const [account] = identifiersIn(fields("PID", 18), rules);
  const current = what === "visit" ? caseNumber(fields, rules, nth) : asCase(account);
  // A45 in practice: the case in PV1-19, its former patient in MRG-1, and MRG-5 empty.
  const from = former ? asCase({ ...former, ...lacking(former, current) }) : trigger === "A45" ? current : undefined;
  return from ? [{ from, to: current ?? from }] : [];
}

/** Completes identifiers by what others of the same authority are; what an authority's are is found once. */
function completion(others: readonly Identifier[]): (identifier: Identifier) => Identifier {
  const kinds = new Map<string, Identifier | undefined>();
  const byAuthority = Map.groupBy(others, ({ authority }) => authority);
  const kindOf = (authority: string) => {
    const alike = authority === "" ? others : (byAuthority.get(authority) ?? []);
    // Beside numbers of insurers it is the hospital's own that is meant.
    return onlyKind(alike) ?? onlyKind(alike.filter(({ type }) => OWN_TYPES.has(type)));
  };
  return (identifier) => {
    const { authority, type } = identifier;
    if ((authority !== "" && type !== "") || (authority !== "" && !byAuthority.has(authority))) return identifier;
    if (!kinds.has(authority)) kinds.set(authority, kindOf(authority));
    const kind = kinds.get(authority);
    return kind ? { ...identifier, ...lacking(identifier, kind) } : identifier;
  };
}

/** The first of identifiers that are all of one authority and type. */
function onlyKind([one, ...more]: readonly Identifier[]): Identifier | undefined {
  return more.every(({ authority, type }) => authority === one?.authority && type === one.type) ? one : undefined;
}

/** What `identifier` does not say, as `other` says it. */
function lacking(identifier: Identifier, other: Identifier | undefined): Partial<Identifier> {
  return {
    authority: identifier.authority || (other?.authority ?? ""),
    type: identifier.type || (other?.type ?? ""),
  };
}

export function missing(place: string): BotenstoffError {
  return new BotenstoffError("HL7_FIELD_MISSING", `mapping adt-to-directory: ${place} is missing`);
}

export function unusable(place: string, reason: string): BotenstoffError {
  return new BotenstoffError("HL7_FIELD_UNUSABLE", `mapping adt-to-directory: ${place} ${reason}`);
}
