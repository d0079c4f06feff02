import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { charsetOf } from "#src/hl7/charset-of.ts";
import { decodeText } from "#src/hl7/charset.ts";
import { encode } from "#src/hl7/encode.ts";
import type { Hl7Message } from "#src/hl7/message.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { LANGUAGES } from "#src/message/language.ts";
import type { Mapping, MappingContext } from "#src/message/mapping.ts";
import type { Message } from "#src/message/message.ts";
import { takesProfile, withProfile, type Hl7Profiles } from "./hl7-profiles.ts";
import { loadMapping } from "./mapping.ts";

/** One golden example: `examples/<case>/{in.json|in.hl7, out.json|out.hl7}`. */
export interface ExampleResult {
  /** `<mapping>/<case>`. */
  readonly name: string;
  readonly outcome: "passed" | "failed" | "updated";
  readonly detail?: string;
}

export interface ExampleOptions {
  /** Writes a golden output that differs, for review. */
  readonly update: boolean;
  readonly profiles: Hl7Profiles;
}

/** The one clock of an example given as HL7 only. */
const NOW = "2026-01-01T00:00:00.000Z";

const input = z.strictObject({
  message: z.custom<Message>((value) => typeof value === "object" && value !== null),
  subject: z.custom<NonNullable<MappingContext<unknown>["subject"]>>().optional(),
  params: z.unknown().default({}),
  routedAt: z.string().default(NOW),
  withdraw: z.literal(true).optional(),
  language: z.enum(LANGUAGES).default("de"),
  sourceName: z.string().default("WhatsApp"),
  day: z.custom<NonNullable<MappingContext<unknown>["day"]>>().optional(),
  about: z.custom<NonNullable<MappingContext<unknown>["about"]>>().optional(),
});

/**
 * Renders every example of a mapping and compares it with its golden output. `update` writes what differs, for review.
 * @param folder `mappings/<name>`
 */
export async function runMappingExamples(folder: string, options: ExampleOptions): Promise<ExampleResult[]> {
  const mapping = await loadMapping(dirname(folder), basename(folder));
  const examples = join(folder, "examples");
  if (!existsSync(examples)) return [];
  const results: ExampleResult[] = [];
  for (const name of (await readdir(examples)).sort()) {
    results.push({ name: `${mapping.name}/${name}`, ...(await runExample(mapping, join(examples, name), options)) });
  }
  return results;
}

async function runExample(
  mapping: Mapping,
  folder: string,
  { update, profiles }: ExampleOptions,
): Promise<Omit<ExampleResult, "name">> {
  const golden = join(folder, mapping.output === "hl7" ? "out.hl7" : "out.json");
  try {
    const rendered = show(mapping, await mapExample(mapping, folder, profiles));
    const known = existsSync(golden) ? await readFile(golden, "utf8") : undefined;
    if (rendered === known) return { outcome: "passed" };
    if (!update)
      return {
        outcome: "failed",
        detail: known === undefined ? "no golden output yet" : firstDifference(known, rendered),
      };
    await writeFile(golden, rendered);
    return { outcome: "updated" };
  } catch (error) {
    return { outcome: "failed", detail: Error.isError(error) ? error.message : String(error) };
  }
}

async function readInput(folder: string): Promise<z.output<typeof input>> {
  const hl7 = join(folder, "in.hl7");
  if (!existsSync(hl7)) return input.parse(JSON.parse(await readFile(join(folder, "in.json"), "utf8")));
  const text = (await readFile(hl7, "utf8")).replaceAll(/\r?\n/g, "\r");
  return input.parse({ message: hl7Message(text) });
}

function hl7Message(text: string): Message {
  return {
    id: "00000000-0000-5000-8000-000000000000",
    channel: "example",
    externalId: "example",
    content: { kind: "hl7", text, trigger: "" },
    conversation: "feed",
    sentAt: NOW,
    receivedAt: NOW,
    attachments: [],
    raw: null,
  };
}

/**
 * What a mapping makes of an example's input.
 * @throws BotenstoffError MAPPING_FAILED; ZodError for parameters that do not fit
 */
export async function mapExample(mapping: Mapping, folder: string, profiles: Hl7Profiles): Promise<unknown> {
  const { message, params, subject, withdraw, day, about, ...frozen } = await readInput(folder);
  const found = takesProfile(mapping) ? withProfile(params, profiles) : { params };
  if ("issue" in found) throw new BotenstoffError("CONFIG_INVALID", found.issue.message);
  return mapping.map(message, {
    params: mapping.params.parse(found.params),
    ...frozen,
    ...(subject && { subject }),
    ...(withdraw && { withdraw }),
    ...(day && { day }),
    ...(about && { about }),
  });
}

/** HL7 as an editor shows it: one segment a line, the place of what is made while sending named. */
function show(mapping: Mapping, output: unknown): string {
  if (mapping.output !== "hl7") return `${JSON.stringify(output, null, 2)}\n`;
  const charset = charsetOf(output as Hl7Message);
  const { pieces } = encode(output as Hl7Message, { charset });
  const text = pieces
    .map((piece) => (Buffer.isBuffer(piece) ? decodeText(piece, charset) : `{{${JSON.stringify(piece)}}}`))
    .join("");
  return text.replaceAll("\r", "\n");
}

function firstDifference(golden: string, rendered: string): string {
  const [wanted, got] = [golden.split("\n"), rendered.split("\n")];
  const line = wanted.findIndex((text, index) => text !== got[index]);
  const at = line < 0 ? wanted.length : line;
  return `line ${at + 1}: expected ${JSON.stringify(wanted[at] ?? "")}, got ${JSON.stringify(got[at] ?? "")}`;
}
