import type { Bundle, Identifier, Patient, Resource } from "@medplum/fhirtypes";

/** How a server may treat what it is asked to search by. */
export type SearchHabit = "openly" | "silently";

/**
 * A search by `identifier` (any type), `patient` or `phone` (Patient); a comma means "or" (R4 search.html#escaping), numbers are compared
 * as text. A server that ignores what it is asked by returns everybody, and its `self` link says so, or pretends otherwise.
 */
export function searchSet(
  all: readonly Resource[],
  type: string,
  query: URLSearchParams,
  baseUrl: string,
  ignores?: SearchHabit,
): Bundle {
  const found = ignores ? all : all.filter((resource) => fits(resource, query));
  const said = ignores === "openly" ? "" : `?${query.toString()}`;
  return {
    resourceType: "Bundle",
    type: "searchset",
    total: found.length,
    link: [{ relation: "self", url: `${baseUrl}/${type}${said}` }],
    entry: found.map((resource) => ({ resource, search: { mode: "match" } })),
  };
}

function fits(resource: Resource, query: URLSearchParams): boolean {
  const patient = query.get("patient");
  if (patient !== null) {
    const { subject } = resource as { subject?: { reference?: string } };
    return subject?.reference === `Patient/${patient.replace(/^Patient\//, "")}`;
  }
  const phones = query.get("phone")?.split(",");
  if (phones) {
    const { telecom = [] } = resource as Patient;
    return telecom.some(({ system, value = "" }) => system === "phone" && phones.includes(value));
  }
  const [first = "", second] = (query.get("identifier") ?? "").split("|").map((part) => part.replace(/\\(.)/g, "$1"));
  const [system, value] = second === undefined ? [undefined, first] : [first, second];
  const { identifier = [] } = resource as { identifier?: Identifier | Identifier[] };
  return [identifier]
    .flat()
    .some((one) => one.value === value && (system === undefined || (one.system ?? "") === system));
}
