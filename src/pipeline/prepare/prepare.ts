import { BotenstoffError, kindOfError } from "#src/message/error-code.ts";
import { EVIDENCE } from "#src/message/link.ts";
import { counterpart, type HoldReason, type Message, type MessageDraft } from "#src/message/message.ts";
import { codeIn } from "#src/identity/codes.ts";
import type { Identifiable } from "#src/identity/contacts.ts";
import type { Requirement, Resolution } from "#src/identity/resolve.ts";
import type { Resolved } from "#src/identity/resolver.ts";
import type { ContactKeys } from "#src/store/sql/links.ts";
import type { ClaimedLane } from "#src/store/sql/lanes.ts";
import type { AttachmentWait, Waited } from "#src/store/sql/attachment-waits.ts";
import type { JudgedAttachment } from "#src/store/sql/attachments.ts";
import { isAboutData } from "#src/store/errors.ts";
import { describeError } from "#src/store/sql/outcome.ts";
import type { AttachmentState, PreparedRow, ReceivedRow } from "#src/store/sql/prepare.ts";
import { assemble, type Findings } from "./assemble.ts";
import { freezeAbout } from "../deliver/about.ts";
import { freezeDay } from "../deliver/day.ts";
import type { PipelineDeps } from "../deps.ts";
import type { Leased } from "#src/lanes/lease.ts";
import { hasCome } from "../intake/stand-ins.ts";
import { setAside, setAsideFailing } from "../set-aside.ts";
import { isGuilty } from "#src/lanes/suspicion.ts";
import { route } from "./route.ts";
import type { RunningChannel } from "../running-channel.ts";
import { messageOf, openMessage, place } from "#src/store/sealed/message.ts";
import { sealAt } from "#src/store/sealed/place.ts";

/** A message whose way is decided, and the patients and links its contact led to, to be compared again at the commit. */
export interface Prepared extends Decision {
  readonly work: ToPrepare;
  /** What was fetched for it, and what could not be, to be booked whatever becomes of the message. */
  readonly judged: readonly JudgedAttachment[];
  readonly waits: readonly AttachmentWait[];
}

interface Decision {
  readonly row: PreparedRow;
  /** How long whoever was asked for something wants to be left alone. */
  readonly retryAfterMs?: number;
  readonly seen?: {
    readonly keys: ContactKeys;
    readonly said: readonly string[];
    /** To be told when the directory says something else by now. */
    readonly forget: () => void;
  };
}

/** One received message with everything `prepare` needs. */
export interface ToPrepare {
  readonly lane: ClaimedLane;
  readonly row: ReceivedRow;
  readonly attachments: readonly AttachmentState[];
  /** How long attachments of it have been waited for; absent: not yet. */
  readonly waited?: readonly Waited[];
  /** What has just come in and was handed over: a text need not be opened again. */
  readonly draft?: MessageDraft;
}

/**
 * Assembles, filters, identifies and routes one message. Never throws: what may work later stays `received`.
 * @param began when its turn came, by `performance.now()`: waiting for others' attachments counts as waiting
 */
export async function prepare(
  deps: PipelineDeps,
  work: ToPrepare,
  leased: Leased,
  began = performance.now(),
): Promise<Prepared> {
  const findings: Findings = { judged: [], waits: [] };
  return { work, ...findings, ...(await decide(deps, work, findings, began, leased)) };
}

async function decide(
  deps: PipelineDeps,
  work: ToPrepare,
  findings: Findings,
  began: number,
  leased: Leased,
): Promise<Decision> {
  const { row } = work;
  if (isGuilty(work.lane)) return { row: held(work, "set_aside", setAside(deps, row.id, work.lane)) };
  const channel = deps.channels(row.channel);
  if (!channel) return { row: held(work, "no_channel") };
  try {
    const { message, hold } =
      work.draft && work.attachments.length === 0
        ? { message: messageOf(row, work.draft), hold: undefined }
        : openMessage(deps.sealer, row, work.attachments);
    if (message.circumstances?.standIn && (await hasCome(deps, message))) return { row: filtered(deps, work, channel) };
    if (hold) return { row: held(work, hold) };
    const patience = { waited: work.waited ?? [], began };
    const assembled = await assemble(deps, channel, row.epoch, message, findings, patience, leased);
    if ("quarantined" in assembled) return { row: held(work, "quarantine", assembled.quarantined) };
    if (!channel.passes(assembled.message)) return { row: filtered(deps, work, channel) };
    return await identifyAndRoute(deps, work, channel, assembled.message, leased);
  } catch (error) {
    if (isUnasked(channel, work, error, began)) return { row: held(work, "unasked", error) };
    if (isHopeless(work, error)) return { row: heldAside(deps, work, error) };
    return {
      row: again(work, error),
      ...(error instanceof BotenstoffError && error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
    };
  }
}

/** So long a message is tried that fails for what is in it. */
const HOPELESS_MS = 600_000;

function isHopeless({ lane: { stoppedMs = 0 } }: ToPrepare, error: unknown): boolean {
  return stoppedMs >= HOPELESS_MS && isAboutData(error);
}

/** Decides that a message fails each time, whatever came of it. */
export function heldAside(deps: PipelineDeps, work: ToPrepare, error: unknown): PreparedRow {
  return held(work, "set_aside", setAsideFailing(deps, work.row.id, work.lane, error));
}

/** Whether a message has waited for its channel's look-up for as long as that is patient. */
function isUnasked(
  { lookup }: RunningChannel,
  { lane: { stoppedMs = 0 } }: ToPrepare,
  error: unknown,
  began: number,
): error is BotenstoffError {
  if (!lookup || !(error instanceof BotenstoffError) || error.code !== "LOOKUP_UNANSWERED") return false;
  return stoppedMs > 0 && stoppedMs + performance.now() - began >= lookup.patienceMs;
}

async function identifyAndRoute(
  deps: PipelineDeps,
  work: ToPrepare,
  channel: RunningChannel,
  message: Message,
  leased: Leased,
): Promise<Decision> {
  if (!channel.identity) return { row: await routed(deps, work, channel, message) };
  const { resolution, doubt } = work.row.linkId
    ? await asDecided(deps, channel.identity, work.row.linkId)
    : await identifyByCode(deps, channel.identity, message, leased);
  const row = !resolution.found
    ? held(work, resolution.reason)
    : doubt
      ? held(work, doubt)
      : work.row.notPatientBi?.equals(deps.blindIndex.of("patient", resolution.patientId))
        ? held(work, "same_patient")
        : await routed(deps, work, channel, message, resolution);
  const { keys, seen } = resolution;
  return { row, ...(keys && { seen: { keys, said: seen, forget: () => resolution.forget() } }) };
}

/** Whom a message leads to, and what speaks against it all the same. */
interface Identified {
  readonly resolution: Resolved;
  readonly doubt?: HoldReason | undefined;
}

/** The patient whom somebody named for this very message. */
async function asDecided(deps: PipelineDeps, identity: Requirement, linkId: string): Promise<Identified> {
  return { resolution: await deps.resolveDecided(linkId, identity) };
}

/** As `identify`; whom that does not place says who they are by a code that was given to them at admission. */
async function identifyByCode(
  deps: PipelineDeps,
  identity: Requirement,
  message: Message,
  leased: Leased,
): Promise<Identified> {
  const found = await identify(deps, identity, message, leased);
  const code = message.content.kind === "text" ? codeIn(message.content.text) : undefined;
  const placed = found.resolution.found && !found.doubt && found.resolution.subject.level >= EVIDENCE.code;
  const author = counterpart(message);
  if (code === undefined || placed || !author || !message.sender || message.circumstances?.group !== undefined)
    return found;
  const { contact = author } = await deps.contacts.identifiable(message.channel, author, message.sentAt);
  if (!(await deps.redeem(contact, code, message.channel))) return found;
  found.resolution.forget();
  return identify(deps, identity, message, leased);
}

/**
 * By the ids the message came from; where they say nothing, by those its author has moved to since. What was written
 * before a change of number is its author's, whoever has the number now.
 */
async function identify(
  deps: PipelineDeps,
  identity: Requirement,
  message: Message,
  leased: Leased,
): Promise<Identified> {
  const author = counterpart(message);
  const who = await deps.contacts.identifiable(message.channel, author, message.sentAt);
  const resolution = await deps.resolve(who.contact, identity, leased);
  const doubt = doubtOf(resolution, who, message);
  const says = resolution.found ? doubt !== "unverified" : resolution.reason !== "unknown";
  const moved = says ? undefined : await deps.contacts.movedOn(message.channel, author, message.sentAt);
  if (!moved) return { resolution, doubt };
  const since = await deps.resolve(moved.contact, identity, leased);
  if (since.found && !doubtOf(since, moved, message)) return { resolution: since };
  if (resolution.found) return { resolution, doubt };
  // Held as what it is, and compared at the commit by the number it may come to be found by.
  const { reason } = resolution;
  return { resolution: { ...since, found: false as const, reason } };
}

/** Why a patient that was found may not be the one who wrote. What somebody said of the contact is newer than such doubts. */
function doubtOf(resolution: Resolved, who: Identifiable, { sentAt }: Message): HoldReason | undefined {
  if (!resolution.found) return undefined;
  if (resolution.link) return sentAt < (resolution.link.validFrom ?? "") ? "unverified" : undefined;
  return who.doubtful ? "unverified" : who.moved ? "number_moved" : undefined;
}

function outcome(work: ToPrepare, change: Partial<PreparedRow> & Pick<PreparedRow, "state">): PreparedRow {
  return {
    lane: work.lane,
    epoch: work.row.epoch,
    id: work.row.id,
    seq: work.row.seq,
    filing: work.row.filing,
    reason: null,
    lastError: null,
    patientBi: null,
    routed: null,
    retainUntil: null,
    destinations: [],
    day: null,
    earlier: [],
    ...change,
  };
}

function held(work: ToPrepare, reason: HoldReason, error?: BotenstoffError): PreparedRow {
  return outcome(work, { state: "held", reason, lastError: error ? describeError(error.code, error.message) : null });
}

function filtered(deps: PipelineDeps, work: ToPrepare, channel: RunningChannel): PreparedRow {
  return outcome(work, {
    state: "filtered",
    retainUntil: new Date(deps.retainFrom() + channel.retention.afterFiledMs),
  });
}

async function routed(
  deps: PipelineDeps,
  work: ToPrepare,
  channel: RunningChannel,
  message: Message,
  resolution?: Extract<Resolution, { found: true }>,
): Promise<PreparedRow> {
  const { epoch, id } = work.row;
  const context = route(channel, resolution, new Date(deps.clock()).toISOString(), message);
  const patientBi = resolution ? deps.blindIndex.of("patient", resolution.patientId) : null;
  const day = patientBi && (await freezeDay(deps, channel, { row: work.row, message, patientBi, context }));
  const about = await freezeAbout(deps, work.row, message);
  return outcome(work, {
    state: "routed",
    patientBi,
    routed: sealAt(deps.sealer, place.message(epoch, id, "routed"), {
      ...context,
      ...(day && { day }),
      ...(about && { about }),
    }),
    destinations: channel.destinations.map((destination) => destination.id),
    ...(day && { day: day.date, earlier: day.earlier }),
  });
}

/** Leaves the message `received`; of errors that are not ours only the kind is kept, for their text may be personal. */
function again(work: ToPrepare, error: unknown): PreparedRow {
  const known = error instanceof BotenstoffError;
  const lastError = known
    ? describeError(error.code, error.message)
    : describeError("STORE_UNAVAILABLE", `preparing: unexpected error (${kindOfError(error)})`);
  return outcome(work, { state: "received", lastError });
}
