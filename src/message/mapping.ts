import type { z } from "zod";
import type { About } from "./about.ts";
import type { Day } from "./day.ts";
import type { Language } from "./language.ts";
import type { Message } from "./message.ts";
import type { Subject } from "./directory.ts";

/** What a mapping makes; a destination takes exactly one of these. */
export type OutputKind = "fhir" | "hl7" | "directory";

/** What a destination could not take of a message as it was rendered: it is rendered once more, so that it fits. */
export interface Fit {
  /** The largest attachment it takes, in bytes before base64. */
  readonly maxBytes?: number;
  /** Ids of pictures that cannot be drawn or made smaller: they are files like any other. */
  readonly undrawable?: readonly string[];
}

/** Everything a mapping may look at besides the message: frozen at routing, so every retry renders the same bytes. */
export interface MappingContext<Params> {
  /** Absent in a channel without `identity:`. */
  readonly subject?: Subject;
  readonly params: Params;
  /** When the message was routed, ISO 8601 UTC: the only clock a mapping has. */
  readonly routedAt: string;
  /** The message was filed into a chart it does not belong to, and is to be taken out of it again. */
  readonly withdraw?: boolean;
  /** When that was decided, ISO 8601 UTC; absent where nobody kept it. */
  readonly withdrawnAt?: string;
  /** The message was filed without an attachment, and is rendered once more with what is known of it by now. */
  readonly addendum?: boolean;
  /** What clinicians read; absent in what was routed before channels had a language. */
  readonly language?: Language;
  /** What people call that through which the message came. */
  readonly sourceName?: string;
  /** What the document of the day holds; absent where the message is the first of its day. */
  readonly day?: Day;
  /** Of the message this one is about; absent where nobody looked it up. */
  readonly about?: About;
  /** Absent at first. */
  readonly fit?: Fit;
}

export interface MappingSpec<Params, Output> {
  readonly output: OutputKind;
  /** Grows with every change of what is rendered; kept with each delivery. */
  readonly version: string;
  readonly params: z.ZodType<Params>;
  /** Whether it renders `withdraw`; a withdrawal by any other mapping fails, visibly. */
  readonly withdraws?: boolean;
  /** Whether it renders `addendum`; destinations of any other mapping keep the placeholder. */
  readonly addenda?: boolean;
  /** Pure and deterministic. Throws BotenstoffError MAPPING_FAILED for a message it cannot render. */
  map(message: Message, context: MappingContext<Params>): Output;
  /** The day (ISO date) whose document a message of this instant goes into; undefined: it is a document of its own. */
  day?(sentAt: string, params: Params): string | undefined;
}

/** A mapping whose parameters were checked against its schema, ready to use. */
export interface Mapping {
  readonly name: string;
  readonly output: OutputKind;
  readonly version: string;
  readonly params: z.ZodType;
  readonly withdraws: boolean;
  readonly addenda: boolean;
  map(message: Message, context: MappingContext<unknown>): unknown;
  day?(sentAt: string, params: unknown): string | undefined;
}

/** Declares a mapping; its folder under mappings/ names it, `examples/` proves it. */
export function defineMapping<Params, Output>(spec: MappingSpec<Params, Output>): MappingSpec<Params, Output> {
  return spec;
}
