import type { z } from "zod";
import { SOURCES } from "#src/sources/index.ts";
import { DESTINATIONS } from "#src/destinations/index.ts";
import type { SourceSpec } from "#src/sources/source.ts";
import type { Mapping } from "#src/message/mapping.ts";
import type { ChannelDestination } from "./channel.ts";
import type { Path } from "./interpolate.ts";
import { channelFile, DESTINATION_MEMBERS } from "./schema.ts";
import type { ChannelFile } from "./schema.ts";

export interface Issue {
  readonly path: Path;
  readonly message: string;
  /** The member's name is at fault, not its value. */
  readonly atKey?: boolean;
  /** Values that would be right, where the schema lists them. */
  readonly allowed?: readonly unknown[];
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
export async function validate(value: unknown, findMapping: (name: string) => Promise<Mapping>): Promise<Validated> {
  const outer = channelFile.safeParse(value);
  const issues = outer.success ? [] : outer.error.issues.flatMap((issue) => toIssues(issue, [], value));
  const source = checkSource(member(value, "source"), issues);
  const destinations: ChannelDestination[] = [];
  const listed = member(value, "destinations");
  for (const [index, destination] of (Array.isArray(listed) ? (listed as unknown[]) : []).entries()) {
    const parsed = outer.data?.destinations[index];
    const checked = await checkDestination(destination, ["destinations", index], parsed, findMapping, issues);
    if (checked) {
      destinations.push(checked);
    }
  }
  return { issues, destinations, ...(outer.data && { file: outer.data }), ...(source && { source }) };
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

async function checkDestination(
  value: unknown,
  path: Path,
  parsed: ChannelFile["destinations"][number] | undefined,
  findMapping: (name: string) => Promise<Mapping>,
  issues: Issue[],
): Promise<ChannelDestination | undefined> {
  const spec = find(DESTINATIONS, value, path, issues);
  const own = Object.fromEntries(
    Object.entries(value ?? {}).filter(([key]) => !(DESTINATION_MEMBERS as readonly string[]).includes(key)),
  );
  const config = spec?.config.safeParse(own);
  issues.push(...(config?.error?.issues ?? []).flatMap((issue) => toIssues(issue, path, own)));
  const mapping = await findOne(member(value, "mapping"), path, findMapping, issues);
  const given = member(value, "with") ?? {};
  const params = mapping?.params.safeParse(given);
  issues.push(...(params?.error?.issues ?? []).flatMap((issue) => toIssues(issue, [...path, "with"], given)));
  if (spec && mapping && mapping.output !== spec.takes) {
    const message = `Mapping ${mapping.name} makes "${mapping.output}", but a ${spec.type} destination takes "${spec.takes}"`;
    issues.push({ path: [...path, "mapping"], message });
  }
  if (!spec || !config?.success || !mapping || !params?.success || !parsed) {
    return undefined;
  }
  return { id: parsed.id, spec, config: config.data, mapping, params: params.data, onPermanent: parsed.on_permanent };
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
  if (typeof name !== "string") {
    return undefined;
  }
  try {
    return await findMapping(name);
  } catch (error) {
    issues.push({ path: [...path, "mapping"], message: Error.isError(error) ? error.message : String(error) });
    return undefined;
  }
}

function toIssues(issue: z.core.$ZodIssue, prefix: Path, root: unknown): Issue[] {
  const path = [...prefix, ...issue.path.map((step) => (typeof step === "symbol" ? String(step) : step))];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: [...path, key], message: "Unrecognized key", atKey: true }));
  }
  const at = (value: unknown, step: PropertyKey) => member(value, step);
  if (issue.code === "invalid_type" && issue.path.reduce(at, root) === undefined) {
    return [{ path, message: "Missing" }];
  }
  return [{ path, message: issue.message, ...(issue.code === "invalid_value" && { allowed: issue.values }) }];
}

function member(value: unknown, key: PropertyKey): unknown {
  return typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined;
}
