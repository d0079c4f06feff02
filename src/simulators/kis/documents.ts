import { createHash } from "node:crypto";
import type { ParsedMessage } from "#src/hl7/parse.ts";

/** A document as the KIS keeps it, by its unique document number (TXA-12). */
export interface KisDocument {
  readonly documentNumber: string;
  /** MSH-10 of the message that brought it. */
  readonly controlId: string;
  /** Event of that message: T02, T06, T10, … */
  readonly trigger: string;
  /** TXA-13: the document this one adds to, or replaces. */
  readonly parent: string;
  /** First identifier of PID-3. */
  readonly patient: string;
  /** Lines of OBX TX and FT, as they are now. */
  text: readonly string[];
  /** SHA-256 (hex) of the bytes of each OBX ED, as they are now. */
  attachments: readonly string[];
  /** Type and subtype of each OBX ED, "AP^PDF". */
  formats: readonly string[];
  /** TXA-16. */
  fileName: string;
  /** Available; obsolete once another replaced it (T09, T10); cancelled by T11. */
  state: "available" | "obsolete" | "cancelled";
  /** Document numbers of its addenda (T05, T06). */
  readonly addenda: string[];
  /** Earlier texts, from before each edit (T07, T08). */
  readonly earlier: (readonly string[])[];
  /** Why its status changed last (TXA-21). */
  reason: string;
  /** How often the message that brought it was accepted; the KIS shows it once. */
  received: number;
  /** Whether a repeat had other bytes than the first. */
  changed: boolean;
  readonly sha256: string;
}

/** Documents about a document that has its number already (HL7 v2.5.1 ch. 9.6). */
const SAME_NUMBER = ["T03", "T04", "T07", "T08", "T11"];

/** Files what an MDM message says. A repeat, known by its control id, changes nothing. */
export class KisDocuments {
  readonly byNumber = new Map<string, KisDocument>();
  /** Digest of every accepted message by its control id. */
  readonly #accepted = new Map<string, string>();

  file(message: ParsedMessage, sha256: string): void {
    const controlId = message.value("MSH", 10);
    const trigger = message.value("MSH", 9, 2);
    const known = this.byNumber.get(message.value("TXA", 12));
    const repeated = this.#accepted.get(controlId);
    this.#accepted.set(controlId, repeated ?? sha256);
    if (repeated !== undefined) {
      if (!known) return;
      known.received += 1;
      known.changed ||= repeated !== sha256;
    } else if (known && SAME_NUMBER.includes(trigger)) {
      change(known, trigger, message);
    } else if (known) {
      known.received += 1;
      known.changed ||= known.sha256 !== sha256;
    } else {
      this.#add(message, trigger, sha256);
    }
  }

  #add(message: ParsedMessage, trigger: string, sha256: string): void {
    const documentNumber = message.value("TXA", 12);
    const parent = message.value("TXA", 13);
    const about = this.byNumber.get(parent);
    if (about && ["T05", "T06"].includes(trigger)) about.addenda.push(documentNumber);
    if (about && ["T09", "T10"].includes(trigger)) about.state = "obsolete";
    this.byNumber.set(documentNumber, {
      documentNumber,
      controlId: message.value("MSH", 10),
      trigger,
      parent,
      patient: message.value("PID", 3),
      ...contentOf(message),
      state: "available",
      addenda: [],
      earlier: [],
      reason: message.value("TXA", 21),
      received: 1,
      changed: false,
      sha256,
    });
  }
}

function change(document: KisDocument, trigger: string, message: ParsedMessage): void {
  document.reason = message.value("TXA", 21);
  if (trigger === "T11") document.state = "cancelled";
  if (trigger === "T07" || trigger === "T08") {
    document.earlier.push(document.text);
    Object.assign(document, contentOf(message));
  }
}

function contentOf(message: ParsedMessage): Pick<KisDocument, "text" | "attachments" | "formats" | "fileName"> {
  const lines = message.segments.filter((name) => name === "OBX").map((_, nth) => nth);
  const ofType = (...types: string[]) => lines.filter((nth) => types.includes(message.value("OBX", 2, 1, nth)));
  return {
    fileName: message.value("TXA", 16),
    formats: ofType("ED").map((nth) => [2, 3].map((part) => message.value("OBX", 5, part, nth)).join("^")),
    text: ofType("TX", "FT").flatMap((nth) =>
      message.repetitions("OBX", 5, nth).flatMap((line) => (line[0]?.[0] ?? "").split("\r")),
    ),
    attachments: ofType("ED").map((nth) => {
      const data = message.value("OBX", 5, 5, nth);
      return createHash("sha256").update(Buffer.from(data, "base64")).digest("hex");
    }),
  };
}
