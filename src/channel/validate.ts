import { z } from "zod";
import { SOURCES } from "#src/sources/index.ts";
import { DESTINATIONS } from "#src/destinations/index.ts";
import type { SourceSpec } from "#src/sources/source.ts";
import type { Mapping } from "#src/message/mapping.ts";
import type { ChannelDestination } from "./channel.ts";
import type { Path } from "./interpolate.ts";
import { NAME } from "./names.ts";
import { channelFile, DESTINATION_MEMBERS } from "./schema.ts";
import type { ChannelFile } from "./schema.ts";
import { takesProfile, withProfile, type Hl7Profiles } from "./hl7-profiles.ts";
import { member, toIssues, type Issue } from "./zod-issues.ts";

/** Where mappings and the profiles they work by are found. */
export interface Finders {
  readonly findMapping: (name: string) => Promise<Mapping>;
  readonly profiles: Hl7Profiles;
}

/** What the checked parts of a channel file are; complete when `issues` is empty. */
export interface Validated {
  readonly issues: readonly Issue[];
  readonly file?: ChannelFile;
  readonly source?: { readonly spec: SourceSpec; readonly config: unknown };
  readonly destinations: readonly ChannelDestination[];
}

/**
 * Checks a channel file's value: its own members, then each connector's by the connector's spec, then each mapping and
 * its parameters. Collects every issue instead of stopping at the first.
 */
export async function validate(value: unknown, finders: Finders): Promise<Validated> {
  const outer = channelFile.safeParse(value);
  const issues = outer.success ? [] : outer.error.issues.flatMap((issue) => toIssues(issue, [], value));
  const source = checkSource(member(value, "source"), issues);
  const destinations: ChannelDestination[] = [];
  const listed = member(value, "destinations");
  for (const [index, destination] of (Array.isArray(listed) ? (listed as unknown[]) : []).entries()) {
    const parsed = outer.data?.destinations[index];
    const checked = await checkDestination(destination, ["destinations", index], parsed, finders, issues);
    if (checked) {
      destinations.push(checked);
    }
  }
  issues.push(...emptyMembers(value).filter(({ path }) => !issues.some((known) => known.path.join() === path.join())));
  return { issues, destinations, ...(outer.data && { file: outer.data }), ...(source && { source }) };
}

/** Members without a value, which a number would take for 0; what a mapping means by one of its own is its matter. */
function emptyMembers(value: unknown, path: Path = []): Issue[] {
  if (value === null) return [{ path, message: "Missing" }];
  if (typeof value !== "object" || path.at(-1) === "with") return [];
  return Object.entries(value).flatMap(([key, one]) => emptyMembers(one, [...path, key]));
}

function checkSource(value: unknown, issues: Issue[]): Validated["source"] {
  const spec = find(SOURCES, value, ["source"], issues);
  const config = spec?.config.safeParse(value);
  if (spec && config?.success) {
    return { spec, config: config.data };
  }
  issues.push(...(config?.error?.issues ?? []).flatMap((issue) => toIssues(issue, ["source"], value)));
  return undefined;
}

const ANY_INSTANT = "2026-01-01T00:00:00.000Z";

async function checkDestination(
  value: unknown,
  path: Path,
  parsed: ChannelFile["destinations"][number] | undefined,
  { findMapping, profiles }: Finders,
  issues: Issue[],
): Promise<ChannelDestination | undefined> {
  const spec = find(DESTINATIONS, value, path, issues);
  const own = Object.fromEntries(
    Object.entries(value ?? {}).filter(([key]) => !(DESTINATION_MEMBERS as readonly string[]).includes(key)),
  );
  const config = spec?.config.safeParse(own);
  issues.push(...(config?.error?.issues ?? []).flatMap((issue) => toIssues(issue, path, own)));
  const mapping = await findOne(member(value, "mapping"), path, findMapping, issues);
  const params = mapping && checkParams(mapping, member(value, "with") ?? {}, [...path, "with"], profiles, issues);
  if (spec && mapping && mapping.output !== spec.takes) {
    const message = `Mapping ${mapping.name} makes "${mapping.output}", but a ${spec.type} destination takes "${spec.takes}"`;
    issues.push({ path: [...path, "mapping"], message });
  }
  const daily = mapping && params && mapping.day?.(ANY_INSTANT, params.data) !== undefined;
  if (parsed?.on_permanent === "skip" && daily) {
    const message = "A day's document is built version by version: it needs on_permanent: park";
    issues.push({ path: [...path, "on_permanent"], message });
  }
  if (!spec || !config?.success || !mapping || !params || !parsed) {
    return undefined;
  }
  const { id, on_permanent: onPermanent } = parsed;
  // A version that is left out would be missing to the next one.
  const stopsForMs = daily ? null : parsed.stops_for;
  const periods = { stopsForMs, shownWithinMs: parsed.shown_within };
  return { id, spec, config: config.data, mapping, params: params.data, onPermanent, ...periods };
}

/** The parameters after the mapping's own schema; a mapping to HL7 works by a profile. */
function checkParams(mapping: Mapping, given: unknown, path: Path, profiles: Hl7Profiles, issues: Issue[]) {
  const found = takesProfile(mapping) ? withProfile(given, profiles) : { params: withWords(mapping, given, profiles) };
  if ("issue" in found) {
    issues.push({ ...found.issue, path: [...path, ...found.issue.path] });
    return undefined;
  }
  const checked = mapping.params.safeParse(found.params);
  issues.push(...(checked.error?.issues ?? []).flatMap((issue) => toIssues(issue, path, found.params)));
  return checked.success ? { data: checked.data } : undefined;
}

/** The hospital's list of words beside phone numbers, for a mapping that takes one. */
function withWords({ params }: Mapping, given: unknown, { phoneWords }: Hl7Profiles): unknown {
  const takes = params instanceof z.ZodObject && "phone_words" in params.shape;
  return takes && phoneWords ? { phone_words: phoneWords, ...(given as object) } : given;
}

/** The connector a member's `type` names. */
function find<Spec extends { type: string }>(specs: readonly Spec[], value: unknown, path: Path, issues: Issue[]) {
  const type = member(value, "type");
  const spec = specs.find((candidate) => candidate.type === type);
  if (!spec && typeof type === "string") {
    const types = specs.map((candidate) => candidate.type);
    issues.push({ path: [...path, "type"], message: `Unknown type; expected ${types.join(", ")}`, allowed: types });
  }
  return spec;
}

async function findOne(
  name: unknown,
  path: Path,
  findMapping: (name: string) => Promise<Mapping>,
  issues: Issue[],
): Promise<Mapping | undefined> {
  // What is no name is the schema's to refuse; no path ever becomes code.
  if (typeof name !== "string" || !NAME.test(name)) {
    return undefined;
  }
  try {
    return await findMapping(name);
  } catch (error) {
    issues.push({ path: [...path, "mapping"], message: Error.isError(error) ? error.message : String(error) });
    return undefined;
  }
}
