import type { PatientKey } from "#src/fhir/transaction.ts";
import { localPath } from "#src/wire/fhir/local-path.ts";
import type { Shown } from "./compare.ts";
import { readFiled, type FhirServer, type OfOurs } from "./filed.ts";
import { findPatient } from "./patient.ts";
import { carries, isSameIdentifier, type Identifier } from "./same-identifier.ts";

type Json = Readonly<Record<string, unknown>>;

/** What a server shows of one message. Every Patient is read once. */
export class ShownMessage implements Shown {
  readonly #server: FhirServer;
  readonly #key: PatientKey;
  readonly #signal: AbortSignal;
  readonly #patients = new Map<string, Promise<boolean | undefined>>();
  /** Where the server keeps what was sent under a path, where it chose the id itself. */
  readonly #paths = new Map<string, string>();

  constructor(server: FhirServer, key: PatientKey, signal: AbortSignal) {
    this.#server = server;
    this.#key = key;
    this.#signal = signal;
  }

  async read(sent: OfOurs): Promise<Json | "several" | undefined> {
    const found = await readFiled(this.#server, sent, this.#signal);
    if (found !== undefined && found !== "several") {
      this.#paths.set(`${sent.resourceType}/${sent.id}`, `${sent.resourceType}/${String(found["id"])}`);
    }
    return found;
  }

  /** "Binary/<the server's id>" of a Binary sent under a path of ours. */
  pathOf(path: string): string {
    return this.#paths.get(path) ?? path;
  }

  async isPatient(value: Json, subject = false): Promise<boolean> {
    const { reference, identifier } = value as { reference?: string; identifier?: Identifier };
    if (identifier && !isSameIdentifier(identifier, this.#key)) return false;
    if (reference === undefined) return identifier !== undefined && !(subject && this.#server.lookup === "required");
    const path = localPath(reference, this.#server.urls);
    if (!path?.startsWith("Patient/")) return false;
    let known = this.#patients.get(path);
    if (!known) this.#patients.set(path, (known = this.#isTheirs(path)));
    // A server that hides Patient from us leaves what the reference itself says.
    return (await known) ?? identifier !== undefined;
  }

  leadsTo(path: string, reference: unknown): boolean {
    if (typeof reference !== "string") return false;
    if (path.startsWith("#")) return reference === path;
    return localPath(reference, this.#server.urls) === this.pathOf(path);
  }

  isAt(path: string, url: unknown): boolean {
    if (typeof url !== "string") return false;
    const local = localPath(url, this.#server.urls);
    if (this.#server.ids === "server") {
      if (local?.startsWith("Binary/")) this.#paths.set(path, local);
      return local?.startsWith("Binary/") === true;
    }
    return local === path || (local === undefined && this.#isHandedOut(path, url));
  }

  /** Addresses that some servers sign anew for every reader: under a named base, the id among their parts. */
  #isHandedOut(path: string, url: string): boolean {
    const id = path.slice(path.indexOf("/") + 1);
    const base = this.#server.urls.find((one) => url.startsWith(`${one}/`));
    return base !== undefined && URL.parse(url)?.pathname.split("/").includes(id) === true;
  }

  /** By the identifier, or because the patient who has it was merged into this one; undefined where nobody is shown. */
  async #isTheirs(path: string): Promise<boolean | undefined> {
    const patient = await this.#server.client.read(path, this.#signal);
    if (!patient) return undefined;
    if (carries(patient, this.#key)) return true;
    return (await findPatient(this.#server.client, this.#key, this.#signal)) === path;
  }
}
