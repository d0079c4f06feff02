import type { PdfPolicy } from "#src/message/attachment.ts";
import type { CaseRule } from "#src/message/case-rule.ts";
import type { Language } from "#src/message/language.ts";
import type { Mapping } from "#src/message/mapping.ts";
import type { SourceSpec } from "#src/sources/source.ts";
import type { DestinationSpec } from "#src/destinations/destination.ts";
import type { LookupConfig } from "./lookup.ts";
import type { Filter } from "./filter/filter.ts";
import type { ChannelTest } from "./schema.ts";

/** One channel file, loaded and checked: everything the pipeline needs to run it. */
export interface Channel {
  readonly id: string;
  readonly title: string;
  /** In which patients and clinicians are told what the engine adds. */
  readonly language: Language;
  /** Path of the YAML file as found. */
  readonly file: string;
  readonly sourceType: string;
  readonly sourceSpec: SourceSpec;
  readonly sourceConfig: unknown;
  readonly attachments: {
    /** MIME types of attachments that may be filed; others are held. */
    readonly allow: readonly string[];
    /** For so long a message waits for an attachment that cannot be fetched. */
    readonly patienceMs: number;
    readonly pdf: PdfPolicy;
  };
  /** Absent: everything passes. */
  readonly filter?: Filter;
  /** Absent: nobody is identified and mappings get no subject. */
  readonly identity?: {
    readonly requireLevel: number;
    readonly reverifyAfterMs?: number;
    readonly lookup?: LookupConfig;
    readonly caseRule?: CaseRule;
  };
  readonly clearing: ClearingPolicy;
  readonly destinations: readonly ChannelDestination[];
  readonly retention: {
    readonly afterFiledMs: number;
    readonly hardMaxAgeMs: number;
    readonly unknownSenderMs: number;
  };
  /** Signed consent to purge on an acknowledgement alone; required where no destination confirms. */
  readonly waiver?: { readonly signedBy: string; readonly date: string; readonly reason: string };
  readonly tests: readonly ChannelTest[];
  /** What is said about the channel, with the names of its references in place of what they stand for. */
  readonly concealed: (text: string) => string;
  /** SHA-256 hex of the file and its mappings' versions. Holds no resolved secret. */
  readonly digest: string;
  /** Keyed hash of the file with every reference filled in: changes with a secret. Comparable within this process only. */
  readonly values: string;
}

/** How people decide about what is held. */
export interface ClearingPolicy {
  /** Another person confirms who a contact is. */
  readonly fourEyes: boolean;
  /** By when a task is to be decided, and when somebody else is told. */
  readonly dueAfterMs: number;
  readonly escalateAfterMs: number;
}

export interface ChannelDestination {
  readonly id: string;
  readonly spec: DestinationSpec;
  readonly config: unknown;
  readonly mapping: Mapping;
  /** `with:` after the mapping's own schema. */
  readonly params: unknown;
  /** What the lane does after a permanent failure: wait for a person, or go on with the next message. */
  readonly onPermanent: "park" | "skip";
  /** How long one message may stop its own conversation here; null: until a person acts (a day's document). */
  readonly stopsForMs: number | null;
  /** How long it may take to show what it accepted. */
  readonly shownWithinMs: number;
}
