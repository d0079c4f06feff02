import { BotenstoffError } from "#src/message/error-code.ts";
import type { FhirClient } from "./client.ts";
import { localPath } from "./local-path.ts";

interface Linked {
  readonly resourceType?: string;
  readonly link?: readonly { readonly type?: string; readonly other?: { readonly reference?: string } }[];
}

const MOST_STEPS = 10;

/**
 * The patient that replaced this one, itself where none did (R4 patient.html#Patient.link).
 * @throws BotenstoffError PATIENT_AMBIGUOUS_AT_DESTINATION where the links lead to several, nowhere or in a circle
 */
export async function survivorOf<P extends object>(client: FhirClient, patient: P, signal: AbortSignal): Promise<P> {
  let current = patient;
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const { link = [] } = current as Linked;
    const others = link.filter(({ type }) => type === "replaced-by").map(({ other }) => other?.reference ?? "");
    const [reference, ...more] = new Set(others);
    if (reference === undefined) return current;
    if (more.length > 0) throw astray("a replaced patient leads to several others");
    const path = localPath(reference, [client.baseUrl]);
    if (!path?.startsWith("Patient/")) throw astray("a replaced patient's link leads elsewhere");
    const next: unknown = await client.read(path, signal);
    if ((next as Linked | undefined)?.resourceType !== "Patient")
      throw astray("a replaced patient's link leads nowhere");
    current = next as P;
  }
  throw astray("replaced patients form a circle, or too long a chain");
}

function astray(why: string): BotenstoffError {
  return new BotenstoffError("PATIENT_AMBIGUOUS_AT_DESTINATION", `finding the patient: ${why}`);
}
