import type { Resource } from "@medplum/fhirtypes";
import { isSameText } from "./same-text.ts";

type Json = Readonly<Record<string, unknown>>;

/** What is asked of the server while a resource is compared. */
export interface Shown {
  /** Whether a reference means the message's patient; `subject` also asks that searches by patient find it. */
  isPatient(reference: Json, subject?: boolean): Promise<boolean>;
  /** Whether a literal reference leads to what was sent as `path` ("Media/<our id>"). */
  leadsTo(path: string, reference: unknown): boolean;
  /** Whether the address of an attachment leads to the bytes sent as `path` ("Binary/<our id>"). */
  isAt(path: string, url: unknown): boolean;
}

/** What is wrong with a member; undefined when it shows what was sent. */
type Comparison = (sent: unknown, shown: unknown, by: Shown) => Promise<string | undefined> | string | undefined;

const status: Comparison = (sent, shown) => (sent === shown ? undefined : "status");
const time: Comparison = (sent, shown) => (Date.parse(String(sent)) === Date.parse(String(shown)) ? undefined : "time");
const patient: Comparison = async (_sent, shown, by) =>
  isObject(shown) && (await by.isPatient(shown, true)) ? undefined : "patient";

/** Communication, Media and DocumentReference, as far as a reader sees them (docs/destinations/fhir.md). */
const MEMBERS: Readonly<Record<string, Readonly<Record<string, Comparison>>>> = {
  Communication: {
    status,
    subject: patient,
    sent: time,
    sender: reference("sender"),
    recipient: references("recipient"),
    encounter: reference("encounter"),
    inResponseTo: references("link to another message"),
    about: references("link to another message"),
    partOf: references("conversation"),
    payload,
  },
  Media: {
    status,
    subject: patient,
    createdDateTime: time,
    operator: reference("sender"),
    encounter: reference("encounter"),
    content: attachment,
  },
  DocumentReference: {
    status,
    subject: patient,
    date: time,
    author: references("sender"),
    context: (sent, shown, by) =>
      references("encounter")(isObject(sent) && sent["encounter"], isObject(shown) && shown["encounter"], by),
    content: (sent, shown, by) => {
      const [one, other] = [list(sent)[0], list(shown)[0]];
      return isObject(one) && isObject(other) ? attachment(one["attachment"], other["attachment"], by) : "attachment";
    },
  },
};

/** The first member in which a resource of the server does not show what was sent. */
export async function differenceOf(sent: Resource, shown: Json, by: Shown): Promise<string | undefined> {
  for (const [name, compare] of Object.entries(MEMBERS[sent.resourceType] ?? {})) {
    const value: unknown = Reflect.get(sent, name);
    const difference = value === undefined ? undefined : await compare(value, shown[name], by);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function reference(what: string): Comparison {
  return async (sent, shown, by) => ((await isSameReference(sent, shown, by)) ? undefined : what);
}

/** Each that was sent is there, in whatever order, and beside whatever the server adds. */
function references(what: string): Comparison {
  return async (sent, shown, by) => {
    for (const one of list(sent)) {
      const found = await Promise.all(list(shown).map((other) => isSameReference(one, other, by)));
      if (!found.includes(true)) return what;
    }
    return undefined;
  };
}

/** A server may put its own literal reference beside an identifier, or in its place. */
async function isSameReference(sent: unknown, shown: unknown, by: Shown): Promise<boolean> {
  if (!isObject(sent) || !isObject(shown)) return false;
  const [own, other] = [sent["identifier"], shown["identifier"]];
  if (sent["type"] === "Patient" && own !== undefined) return by.isPatient(shown);
  if (typeof sent["reference"] === "string") return by.leadsTo(sent["reference"], shown["reference"]);
  if (isObject(own)) {
    if (isObject(other)) return own["value"] === other["value"] && own["system"] === other["system"];
    return typeof shown["reference"] === "string";
  }
  return isSameText(sent["display"], shown["display"]) || typeof shown["reference"] === "string";
}

/** What was said, part by part and in its order; what is inside a part is measured elsewhere. */
async function payload(sent: unknown, shown: unknown, by: Shown): Promise<string | undefined> {
  const [ours, theirs] = [list(sent), list(shown)];
  for (const [index, part] of ours.entries()) {
    const other = theirs[index];
    if (!isObject(part) || !isObject(other)) return "text";
    if (typeof part["contentString"] === "string" && !isSameText(part["contentString"], other["contentString"])) {
      return "text";
    }
    const { contentReference: link } = part;
    if (link !== undefined && !(await isSameReference(link, other["contentReference"], by))) return "attachment's link";
  }
  return ours.length === theirs.length ? undefined : "text";
}

function attachment(sent: unknown, shown: unknown, by: Shown): string | undefined {
  if (!isObject(sent) || !isObject(shown)) return "attachment";
  if (!by.isAt(String(sent["url"]), shown["url"])) return "attachment's link";
  return sent["title"] === undefined || isSameText(sent["title"], shown["title"]) ? undefined : "attachment's title";
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
