import type { Encounter, Patient } from "../directory.ts";
import type { Message } from "../message.ts";

type KeysOf<T> = T extends unknown ? keyof T : never;
type Member<T, K> = T extends unknown ? (K extends keyof T ? NonNullable<T[K]> : never) : never;
type Element<T> = T extends readonly (infer E)[] ? E : T;

/** What may follow a path: nothing, anything, or these members. */
export type Shape = "value" | "open" | Members;
export interface Members {
  readonly [member: string]: Shape;
}

type ShapeOf<T> = [Extract<T, object>] extends [never]
  ? "value"
  : string extends KeysOf<Extract<T, object>>
    ? "open"
    : { readonly [K in KeysOf<Extract<T, object>> & string]: ShapeOf<Element<Member<Extract<T, object>, K>>> };

const CONTACT = { phone: "value", userId: "value", displayName: "value" } as const;
const ENTRY = { value: "value", type: "value" } as const;

/** Every member a filter can name; the compiler says when one is missing. `raw` is the source's own. */
export const MESSAGE: ShapeOf<Omit<Message, "raw">> = {
  id: "value",
  channel: "value",
  externalId: "value",
  content: {
    kind: "value",
    text: "value",
    caption: "value",
    voice: "value",
    animated: "value",
    latitude: "value",
    longitude: "value",
    name: "value",
    address: "value",
    url: "value",
    cards: {
      name: "value",
      organisation: "value",
      department: "value",
      title: "value",
      birthday: "value",
      phones: ENTRY,
      emails: ENTRY,
      addresses: ENTRY,
      urls: ENTRY,
      messengers: ENTRY,
      note: "value",
      vcard: "value",
    },
    via: "value",
    description: "value",
    payload: "value",
    answers: "open",
    callPermission: { response: "value", until: "value", permanent: "value" },
    emoji: "value",
    target: "value",
    catalogId: "value",
    items: { product: "value", quantity: "value", price: "value" },
    event: "value",
    revised: { kind: "value", text: "value", caption: "value" },
    direction: "value",
    outcome: "value",
    durationSeconds: "value",
    trigger: "value",
    sourceKind: "value",
    codes: "value",
  },
  sender: CONTACT,
  recipient: CONTACT,
  conversation: "value",
  sentAt: "value",
  receivedAt: "value",
  replyTo: "value",
  circumstances: {
    forwarded: "value",
    referral: { headline: "value", body: "value", url: "value" },
    product: "value",
    group: "value",
    also: "value",
    earlier: "value",
    standIn: "value",
  },
  attachments: {
    id: "value",
    ordinal: "value",
    reference: {
      mediaId: "value",
      url: "value",
      declaredType: "value",
      announcedSha256: "value",
      fileName: "value",
    },
    verdict: "value",
    stored: {
      sha256: "value",
      sha1: "value",
      bytes: "value",
      type: "value",
      remarks: "value",
      original: { sha256: "value", bytes: "value" },
      rendition: { sha256: "value", sha1: "value", bytes: "value", type: "value" },
      preview: { bytes: "value", type: "value", width: "value", height: "value" },
    },
  },
};

const IDENTIFIER = {
  value: "value",
  authority: "value",
  type: "value",
  assigner: { namespace: "value", universalId: "value", universalType: "value" },
} as const;
const PATIENT: ShapeOf<Patient> = {
  identifiers: IDENTIFIER,
  familyName: "value",
  givenName: "value",
  furtherGivenNames: "value",
  nameSuffix: "value",
  namePrefix: "value",
  degree: "value",
  birthDate: "value",
  sex: "value",
  deceased: "value",
  phones: "value",
};
const CASE: ShapeOf<Encounter> = {
  number: IDENTIFIER,
  class: "value",
  open: "value",
  admittedAt: "value",
  dischargedAt: "value",
  location: "value",
};

/** What a condition of a profile can name: the message, and whom it is filed to by which document event. */
export const FILED: Members = { ...MESSAGE, patient: PATIENT, case: CASE, trigger: "value" };
