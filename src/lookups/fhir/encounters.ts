import type { Encounter } from "@medplum/fhirtypes";
import type { FhirClient } from "#src/wire/fhir/client.ts";
import { search } from "#src/wire/fhir/search.ts";
import type { CaseState, CaseUpdate } from "#src/message/directory.ts";
import { identifierOf } from "./identifier.ts";

/** EncounterStatus of R4; `unknown` says nothing. */
const STATES: Readonly<Record<string, CaseState>> = {
  planned: "planned",
  arrived: "open",
  triaged: "open",
  "in-progress": "open",
  onleave: "open",
  finished: "closed",
  cancelled: "cancelled",
  "entered-in-error": "deleted",
};
/** v3-ActCode as table 0004 of HL7 v2 calls it; what has no counterpart there is not known. */
const CLASSES: Readonly<Record<string, string>> = {
  IMP: "I",
  ACUTE: "I",
  NONAC: "I",
  AMB: "O",
  EMER: "E",
  PRENC: "P",
};
/** Components of PV1-3 by location-physical-type: ward, room, bed, site. */
const PLACES = ["wa", "ro", "bd", "si"];
/** Visit number, account number (v2-0203): the case, as an ADT has it in PV1-19. */
const NUMBERS = ["VN", "AN"];

/**
 * A patient's cases as the server has them, for a channel that chooses one. Contacts that are part of another are its wards,
 * no cases. A hit of somebody else is left out: the server did not search by the patient.
 * @throws BotenstoffError when there is no answer
 */
export async function casesOf(client: FhirClient, patientId: string, signal: AbortSignal): Promise<CaseUpdate[]> {
  const asked = { type: "Encounter", by: { patient: patientId }, also: { _count: "100" } };
  const found = await search<Encounter>(client, asked, signal);
  const own = found.filter(({ subject, partOf }) => partOf === undefined && isOf(subject?.reference, patientId));
  const cases = new Map<string, CaseUpdate>();
  for (const one of own.flatMap((encounter) => caseOf(encounter) ?? [])) {
    const key = JSON.stringify([one.number.value, one.number.authority]);
    const known = cases.get(key);
    // Several contacts of one case: it is open while one of them is.
    if (!known || (known.state?.is !== "open" && one.state?.is === "open")) cases.set(key, one);
  }
  return [...cases.values()];
}

/** Whatever the server calls itself. */
function isOf(reference = "", patientId: string): boolean {
  const [path = ""] = reference.split("/_history/");
  return `/${path}`.endsWith(`/Patient/${patientId}`);
}

function caseOf(encounter: Encounter): CaseUpdate | undefined {
  const number = numberOf(encounter);
  if (!number) return undefined;
  const { period = {}, location = [], serviceProvider } = encounter;
  const state = STATES[encounter.status];
  const kind = CLASSES[encounter.class.code ?? ""];
  const [admittedAt, dischargedAt] = [instant(period.start), instant(period.end)];
  const places = PLACES.map((type) => {
    const at = location.find(
      (one) => one.status !== "completed" && one.physicalType?.coding?.some(({ code }) => code === type) === true,
    );
    return component(at?.location.identifier?.value ?? at?.location.display);
  });
  places[3] = places[3] === "" ? component(serviceProvider?.identifier?.value) : (places[3] ?? "");
  return {
    number,
    ...(kind !== undefined && { class: kind }),
    ...(admittedAt !== undefined && { admittedAt }),
    ...(dischargedAt !== undefined && { dischargedAt }),
    ...(places.some((place) => place !== "") && { location: places.join("^") }),
    ...(state && { state: { is: state, certain: true } }),
  };
}

/** The number of the visit, else that of the account (ISiK: Abrechnungsfall). */
function numberOf({ identifier = [], account = [] }: Encounter) {
  const named = [...identifier, ...account.flatMap((one) => one.identifier ?? [])].flatMap(
    (one) => identifierOf(one) ?? [],
  );
  return NUMBERS.flatMap((type) => named.find((one) => one.type === type) ?? [])[0];
}

function component(value = ""): string {
  return value.replaceAll("^", " ").trim();
}

/** A day stays one; undefined for what is no time. */
function instant(value: string | undefined): string | undefined {
  const at = Date.parse(value ?? "");
  if (value === undefined || !Number.isFinite(at)) return undefined;
  return value.includes("T") ? new Date(at).toISOString() : value;
}
