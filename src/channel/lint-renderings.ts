import type { OutputFault } from "#src/destinations/destination.ts";
import { headerField, plainText, type Hl7Message } from "#src/hl7/message.ts";
import type { Identifier } from "#src/message/directory.ts";
import { messageId } from "#src/message/id.ts";
import type { Message } from "#src/message/message.ts";
import type { Channel, ChannelDestination } from "./channel.ts";
import { takesProfile } from "./hl7-profiles.ts";
import { member, type Issue } from "./zod-issues.ts";

const NOW = "2026-01-01T00:00:00.000Z";
/** HL7 v2.5.1: required in every MDM. */
const REQUIRED = ["EVN-2", "PID-3", "PID-5", "PV1-2", "TXA-2", "TXA-12", "TXA-17"];
/** EI.1 of TXA-12 has its thirty characters until v2.6. */
const LONGEST_NUMBER = { until: "2.6", characters: 30 };

/**
 * Rules of a profile that would break every message: a text of a patient who has all that the rules ask for is rendered,
 * and what comes out is looked at. A mapping that cannot render that text is judged by the channel's own tests.
 */
export function lintRenderings(channel: Channel): Issue[] {
  if (!channel.identity) return [];
  return channel.destinations.flatMap((destination, index) => {
    // What is required of an MDM is not required of what a hospital's own mapping makes.
    if (!takesProfile(destination.mapping)) return [];
    const made = rendered(channel, destination);
    return made ? faultsOf(made, destination).map((fault) => issueAt(index, destination, fault)) : [];
  });
}

function rendered({ id, language, sourceSpec }: Channel, { mapping, params }: ChannelDestination) {
  const message: Message = {
    id: messageId(id, "lint"),
    channel: id,
    externalId: "lint",
    content: { kind: "text", text: "Text" },
    sender: { phone: "4915112345678", displayName: "Name" },
    conversation: "4915112345678",
    sentAt: NOW,
    receivedAt: NOW,
    attachments: [],
    raw: null,
  };
  const patient = {
    ...{ identifiers: identifiersFor(params), phones: ["4915112345678"], birthDate: "1970-01-01", sex: "F" },
    ...{ familyName: "Name", givenName: "Name", furtherGivenNames: "Name", namePrefix: "Dr.", nameSuffix: "jun." },
  };
  const number = { value: "1", authority: "TEST", type: "VN" };
  const encounter = { number, class: "I", open: true, location: ["1", "1", "1"] };
  try {
    const subject = { patient, encounter, level: 4 };
    return mapping.map(message, {
      params,
      subject,
      routedAt: NOW,
      language,
      sourceName: sourceSpec.name,
    }) as Hl7Message;
  } catch {
    return undefined;
  }
}

/** An identifier of every type and authority that the rules and parameters name. */
function identifiersFor(params: unknown): Identifier[] {
  const text = JSON.stringify(params);
  const named = Array.from(
    text.matchAll(/patient\.identifiers?\(([^,()]+)(?:,\s*([^,()]+))?\)/g),
    ([, type, authority]) => ({
      value: "1",
      authority: authority?.trim() ?? "TEST",
      type: type ?? "",
    }),
  );
  const wanted = member(params, "patient_authorities");
  const authorities = Array.isArray(wanted) ? wanted.map(String) : [];
  return [
    { value: "1", authority: authorities[0] ?? "TEST", type: "PI" },
    ...authorities.map((authority) => ({ value: "1", authority, type: "PI" })),
    ...named,
  ];
}

function faultsOf(made: Hl7Message, { spec, config }: ChannelDestination): OutputFault[] {
  const faults: OutputFault[] = REQUIRED.filter((field) => valueOf(made, field) === "").map((field) => ({
    field,
    message: `${field} would be empty in every message`,
  }));
  const version = headerField(made, 12);
  if (version === "") faults.push({ field: "MSH-12", message: "MSH-12 would be empty in every message" });
  const number = valueOf(made, "TXA-12");
  if (version < LONGEST_NUMBER.until && number.length > LONGEST_NUMBER.characters) {
    const message = `TXA-12 would have ${number.length} characters; HL7 ${version} allows ${LONGEST_NUMBER.characters}`;
    faults.push({ field: "TXA-12", message });
  }
  return [...faults, ...(spec.faults?.(made, config) ?? [])];
}

function valueOf(made: Hl7Message, field: string): string {
  const [name, number] = field.split("-");
  return plainText(made.segments.find((segment) => segment.name === name)?.fields[Number(number) - 1]);
}

/** At the channel's own rule for the field, or at the profile. */
function issueAt(index: number, { params }: ChannelDestination, { field, message }: OutputFault): Issue {
  const rules = member(params, "fields");
  const own = Array.isArray(rules) ? rules.findLastIndex((rule) => isOf(member(rule, "field"), field)) : -1;
  const path = ["destinations", index, "with"];
  return { path: own < 0 ? [...path, "profile"] : [...path, "fields", own, "field"], message };
}

function isOf(rule: unknown, field: string): boolean {
  return typeof rule === "string" && (rule === field || rule.startsWith(`${field}.`));
}
