import type { CaseState, CaseUpdate, Encounter, Identifier } from "#src/message/directory.ts";
import { newer, type Fact } from "./fact.ts";

const MEMBERS = ["class", "admittedAt", "dischargedAt", "location"] as const;
type Member = (typeof MEMBERS)[number];
type State = NonNullable<CaseUpdate["state"]>;

/** What was said about one case under one number; facts only, as in `PatientRecord`. */
export interface CaseRecord {
  readonly number: Identifier;
  readonly members: Readonly<Partial<Record<Member, Fact<string | null>>>>;
  readonly state?: Fact<State>;
  /** The record of the patient it belongs to. */
  readonly owner: Fact<string>;
  /** The number it has now: that case's key in hex. */
  readonly renamed?: Fact<string>;
}

export interface PlacedCase {
  /** Key of the number, hex. */
  readonly id: string;
  readonly root: string;
  readonly record: CaseRecord;
}

/** A case as all its numbers together know it. */
export interface CaseView {
  readonly encounter: Encounter;
  /** `unknown`: nobody has said anything about its state yet. */
  readonly state: CaseState | "unknown";
  readonly owner: string;
}

/** The record after an update about this very number. */
export function caseAfter(
  record: CaseRecord | undefined,
  update: CaseUpdate,
  { stamp, owner }: { stamp: string; owner: string },
): CaseRecord {
  const members = { ...record?.members };
  for (const name of MEMBERS) {
    const value = update[name];
    if (value !== undefined) members[name] = newer(members[name], { value, stamp });
  }
  const state = update.state ? surer(record?.state, { value: update.state, stamp }) : record?.state;
  return {
    number: record?.number ?? update.number,
    members,
    ...(state && { state }),
    owner: newer(record?.owner, { value: owner, stamp }),
    ...(record?.renamed && { renamed: record.renamed }),
  };
}

/** Each case by the number it has now; what that is silent about is taken from its former numbers. */
export function viewsOf(cases: readonly PlacedCase[]): Map<string, CaseView> {
  const views = new Map<string, CaseView>();
  for (const [root, placed] of Map.groupBy(cases, (one) => one.root)) {
    const own = placed.find(({ id }) => id === root)?.record;
    const former = placed.filter(({ id }) => id !== root).map(({ record }) => record);
    if (own) views.set(root, viewOf(own, former));
  }
  return views;
}

function viewOf(own: CaseRecord, former: readonly CaseRecord[]): CaseView {
  const state = own.state ?? former.flatMap((one) => one.state ?? []).reduce<Fact<State> | undefined>(surer, undefined);
  const member = <N extends Member>(name: N): Partial<Record<N, string>> => {
    const inherited = former.flatMap((one) => one.members[name] ?? []);
    const fact = own.members[name] ?? inherited.reduce<Fact<string | null> | undefined>(newer, undefined);
    return fact?.value == null ? {} : ({ [name]: fact.value } as Record<N, string>);
  };
  const open = state?.value.is === "open" || state?.value.is === "planned";
  const { dischargedAt, ...members } = { ...member("class"), ...member("admittedAt"), ...member("dischargedAt") };
  const { location } = member("location");
  return {
    encounter: {
      number: own.number,
      ...members,
      ...(location !== undefined && { location: location.split("^") }),
      open,
      ...(!open && dischargedAt !== undefined && { dischargedAt }),
    },
    state: state?.value.is ?? "unknown",
    owner: own.owner.value,
  };
}

/** What is certain beats what is guessed, however old; among equals the newer. */
function surer(known: Fact<State> | undefined, said: Fact<State>): Fact<State> {
  if (!known) return said;
  if (known.value.certain !== said.value.certain) return known.value.certain ? known : said;
  return newer(known, said);
}
