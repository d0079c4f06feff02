import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Attachment, AttachmentReference } from "#src/message/attachment.ts";
import { isSamePhone } from "#src/message/comparable-phone.ts";
import type { Subject } from "#src/message/directory.ts";
import { attachmentId, messageId } from "#src/message/id.ts";
import { counterpart, type HoldReason, type Message, type MessageDraft } from "#src/message/message.ts";
import type { Channel } from "./channel.ts";
import type { ChannelTest } from "./schema.ts";

export interface ChannelTestResult {
  readonly channel: string;
  readonly name: string;
  readonly passed: boolean;
  /** What happened instead; ids and reasons only. */
  readonly detail?: string;
}

/** What becomes of a message: what `expect:` says of it. */
type Outcome = { routed: string[] } | { held: HoldReason } | { filtered: true } | { failed: string };
type Identified = { subject?: Subject } | { held: HoldReason };
type TestPatients = NonNullable<ChannelTest["patients"]>;

/** The one clock of a test, so that its renderings never change. */
const NOW = "2026-01-01T00:00:00.000Z";
const NOTHING = Buffer.alloc(0);

/**
 * Runs a channel's `tests:`: cut, filter, identify against the given patients, map. No network and no database; the
 * attachments are taken for fetched and clean. `${source.member}` in a given file is the channel's own setting, so an
 * example names the phone number whatever the environment says it is.
 */
export async function runChannelTests(channel: Channel): Promise<ChannelTestResult[]> {
  const source = channel.sourceSpec.open(channel.sourceConfig, {
    channel: channel.id,
    log: () => undefined,
    count: () => undefined,
    gauge: () => undefined,
  });
  try {
    const results: ChannelTestResult[] = [];
    for (const test of channel.tests) {
      const raw = await given(channel, test.given);
      const outcomes =
        typeof raw === "string"
          ? [{ failed: raw }]
          : source.split({ raw, receivedAt: comesIn(test) }).messages.map((draft) => outcomeOf(channel, draft, test));
      const { passed, detail } = judge(test, outcomes);
      const told = detail === undefined ? {} : { detail: channel.concealed(detail) };
      results.push({ channel: channel.id, name: test.name, passed, ...told });
    }
    return results;
  } finally {
    await source.close();
  }
}

/** The bytes of a given file, or why there are none. */
async function given(channel: Channel, path: string): Promise<Buffer | string> {
  try {
    const text = await readFile(join(dirname(channel.file), path), "utf8");
    const filled = text.replaceAll(/\$\{source\.([a-z_]+)\}/g, (_all, name: string) =>
      String((channel.sourceConfig as Record<string, unknown>)[name]),
    );
    // An editor ends segments with LF; on the wire it is CR (HL7 v2.5.1 2.5.4).
    return Buffer.from(path.endsWith(".hl7") ? filled.replaceAll(/\r?\n/g, "\r") : filled);
  } catch {
    return `${path} cannot be read`;
  }
}

function comesIn({ at }: ChannelTest): string {
  return at === undefined ? NOW : new Date(at).toISOString();
}

function outcomeOf(channel: Channel, draft: MessageDraft, test: ChannelTest): Outcome {
  const { patients } = test;
  if (draft.hold !== undefined) {
    return { held: draft.hold };
  }
  const message = toMessage(channel.id, draft, comesIn(test));
  try {
    if (channel.filter && !channel.filter.passes(message)) {
      return { filtered: true };
    }
    const found: Identified = channel.identity ? identify(message, patients, channel.identity.requireLevel) : {};
    if ("held" in found) {
      return { held: found.held };
    }
    for (const { mapping, params } of channel.destinations) {
      const { language, sourceSpec } = channel;
      mapping.map(message, { ...found, params, routedAt: NOW, language, sourceName: sourceSpec.name });
    }
    return { routed: channel.destinations.map(({ id }) => id) };
  } catch (error) {
    return { failed: Error.isError(error) ? error.message : String(error) };
  }
}

/** Identification in small: by number against the test's patients. What the engine does is proven in its own room. */
function identify(
  message: Message,
  patients: TestPatients = ownerOf(counterpart(message)?.phone),
  requireLevel: number,
): { subject: Subject } | { held: HoldReason } {
  const phone = counterpart(message)?.phone;
  const matches = patients.filter(({ phones }) => phone !== undefined && phones.some((one) => isSamePhone(one, phone)));
  const [match] = matches;
  if (!match) {
    return { held: "unknown" };
  }
  if (matches.length > 1) {
    return { held: "ambiguous" };
  }
  if (match.level < requireLevel) {
    return { held: "unverified" };
  }
  const { phones, identifiers, level, encounter } = match;
  return {
    subject: {
      patient: { identifiers, phones, familyName: "Mustermann", givenName: "Erika" },
      level,
      ...(encounter !== undefined && {
        encounter: { number: { value: encounter, authority: identifiers[0]?.authority ?? "", type: "VN" }, open: true },
      }),
    },
  };
}

/** Unless a test says otherwise, one patient owns the sender's number, with the strongest link. */
function ownerOf(phone: string | undefined): TestPatients {
  const identifiers = [{ value: "P-1", authority: "TEST", type: "PI" }];
  return phone === undefined ? [] : [{ phones: [phone], identifiers, level: 4 }];
}

function toMessage(channel: string, draft: MessageDraft, receivedAt: string): Message {
  const { part = "", attachments = [], hold: _hold, addressee: _addressee, direct: _direct, ...said } = draft;
  const { contactNews: _contactNews, ...rest } = said;
  const id = messageId(channel, draft.externalId, part);
  return {
    ...rest,
    id,
    channel,
    receivedAt,
    attachments: attachments.map((one, index) => fetched(id, one, index)),
  };
}

function fetched(message: string, reference: AttachmentReference, ordinal: number): Attachment {
  const sha256 = createHash("sha256").update(NOTHING).digest("hex");
  const sha1 = createHash("sha1").update(NOTHING).digest("hex");
  const type = reference.declaredType ?? "application/octet-stream";
  return {
    id: attachmentId(message, ordinal),
    ordinal,
    reference,
    verdict: "clean",
    stored: { sha256, sha1, bytes: NOTHING.length, type },
  };
}

function judge({ expect }: ChannelTest, outcomes: readonly Outcome[]): { passed: boolean; detail?: string } {
  const wanted = JSON.stringify(expect.routed ? { routed: [...expect.routed].sort() } : expect);
  const actual = outcomes.map((outcome) =>
    JSON.stringify("routed" in outcome ? { routed: [...outcome.routed].sort() } : outcome),
  );
  if (actual.length === 0) {
    return { passed: false, detail: "the given file contains no message" };
  }
  const other = actual.find((outcome) => outcome !== wanted);
  return other === undefined ? { passed: true } : { passed: false, detail: `expected ${wanted}, got ${other}` };
}
