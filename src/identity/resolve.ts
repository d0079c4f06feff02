import { OPEN_OR_PLANNED, type CaseRule } from "#src/message/case-rule.ts";
import type { Contact } from "#src/message/contact.ts";
import type { Subject } from "#src/message/directory.ts";
import type { Writer } from "#src/message/link.ts";
import type { HoldReason } from "#src/message/message.ts";
import type { ContactKeys, LinkRow } from "#src/store/sql/links.ts";
import type { PatientLookup } from "#src/lookups/lookup.ts";
import type { CaseView } from "./case.ts";
import type { Directory } from "./directory.ts";
import type { DirectoryPatient, LiveLink } from "./found.ts";
import { agedFor, VERIFIED } from "./links.ts";

export type Resolution = (
  | {
      readonly found: true;
      /** Without a case: which one depends on when a message was written (`fittingCase`). */
      readonly subject: Subject;
      readonly cases: readonly CaseView[];
      readonly patientId: string;
      /** Set where a person, or a code, has said who it is: not the number alone. */
      readonly link?: { readonly id: string; readonly validFrom: string | undefined };
    }
  | { readonly found: false; readonly reason: HoldReason }
) & { readonly keys?: ContactKeys; readonly seen: readonly string[] };

/** How sure a channel has to be who wrote. */
export interface Requirement {
  readonly requireLevel: number;
  /** For so long a link holds, and what the directory was told of a number; absent: as long as nothing speaks against it. */
  readonly reverifyAfterMs?: number;
  readonly lookup?: PatientLookup;
  /** Which case it is filed to. */
  readonly caseRule?: CaseRule;
}

/** Who asks, and may lose interest: its signal is only made when something takes long enough to be broken off. */
export interface Interruptible {
  readonly signal: AbortSignal;
}

/** The level of what rests only on the directory: exactly one patient carries the number. */
const BY_NUMBER = 1;

/**
 * Finds the patient behind a contact. Anything but exactly one is held: doubt is never resolved by guessing (I3). A
 * channel with a look-up asks the KIS first, and throws when there is no answer. `seen` says which patients and links were
 * seen and what was known of them then, to be compared again at the commit.
 */
export async function resolve(
  directory: Directory,
  contact: Contact | undefined,
  requirement: Requirement,
  asking: Interruptible,
): Promise<Resolution> {
  const keys = contact && directory.keysOf(contact);
  if (!keys) return { found: false, reason: "unknown", seen: [] };
  if (requirement.lookup && contact.phone !== undefined)
    await directory.refresh(contact.phone, requirement.lookup, asking.signal);
  const [carriers, links] = await Promise.all([
    contact.phone === undefined ? { seen: [], patients: [] } : directory.carriers(contact.phone),
    directory.links(contact, keys),
  ]);
  const known = { keys, seen: [...carriers.seen, ...links.seen] };
  const judged = judge(carriers.patients, links.live, requirement, directory.now());
  if ("reason" in judged) return { found: false, ...judged, ...known };
  const { patient, level, link, writer } = judged;
  const cases = await directory.cases(patient.id, requirement.caseRule ?? OPEN_OR_PLANNED);
  return {
    found: true,
    patientId: patient.id,
    subject: { patient: patient.patient, level, ...(writer && { writer }) },
    cases,
    ...(link && { link: { id: link.id, validFrom: link.validFrom?.toISOString() } }),
    ...known,
  };
}

/** The patient somebody said a very message is of, whatever its number says; held where that word is weaker by now. */
export async function resolveDecided(
  directory: Directory,
  linkId: string,
  requirement: Requirement,
): Promise<Resolution> {
  const link = await directory.link(linkId);
  if (!link) return { found: false, reason: "unverified", seen: [] };
  const known = { keys: link.row, seen: link.seen };
  const { row, patient } = link;
  if (!patient || row.endedAt !== null || row.level < requirement.requireLevel)
    return { found: false, reason: "unverified", ...known };
  const cases = await directory.cases(patient.id, requirement.caseRule ?? OPEN_OR_PLANNED);
  return {
    found: true,
    patientId: patient.id,
    subject: { patient: patient.patient, level: row.level, ...writerOf([row]) },
    cases,
    link: { id: row.id, validFrom: undefined },
    ...known,
  };
}

type Judged =
  | { readonly reason: HoldReason }
  | { readonly patient: DirectoryPatient; readonly level: number; readonly link?: LinkRow; readonly writer?: Writer };

/**
 * Whom the carriers of a number and the links of a contact lead to. Every patient either names counts, however weak the
 * link: a number that is shared, or has a new owner, files nothing by itself.
 */
function judge(
  carriers: readonly DirectoryPatient[],
  links: readonly LiveLink[],
  { requireLevel, reverifyAfterMs }: Requirement,
  now: number,
): Judged {
  const named = new Map([...carriers, ...links.map(({ patient }) => patient)].map((one) => [one.id, one]));
  const [only, ...more] = named.values();
  if (!only) return { reason: "unknown" };
  if (more.length > 0) return { reason: "ambiguous" };
  if (only.patient.deceased !== undefined || links.some(isDoubtful)) return { reason: "unverified" };
  const fresh = (since: Date) => reverifyAfterMs === undefined || now - since.getTime() <= reverifyAfterMs;
  const holding = links
    .map(({ row }) => row)
    .filter((row) => row.level >= VERIFIED && fresh(row.verifiedAt) && !agedFor(row, only.patient, now));
  const best = holding.toSorted((a, b) => b.level - a.level)[0];
  if (links.some(({ row }) => agedFor(row, only.patient, now) === "came_of_age")) return { reason: "unverified" };
  const [carrier] = carriers;
  const byNumber = carrier && fresh(carrier.toldAt) ? BY_NUMBER : 0;
  const level = Math.max(best?.level ?? 0, byNumber);
  if (level < Math.max(requireLevel, BY_NUMBER)) return { reason: "unverified" };
  return {
    patient: only,
    level,
    ...(best && { link: best }),
    ...writerOf(best ? [best] : links.map(({ row }) => row)),
  };
}

/**
 * Who writes in the patient's place: as the link says by which a message is filed. Where it is the number alone, a link that
 * is too weak to file by still says that it may be somebody else.
 */
function writerOf(links: readonly Pick<LinkRow, "role">[]): { readonly writer?: Writer } {
  const writer = links.map(({ role }) => role).find((role) => role !== "self");
  return writer ? { writer } : {};
}

/** What is said of a contact by a link that holds no more, or was made for another number or user id. */
function isDoubtful({ row, contradicted }: LiveLink): boolean {
  return row.level < BY_NUMBER || (contradicted && row.level >= VERIFIED);
}
