import type { SourceSpec } from "./source.ts";
import { mllpSource } from "./mllp/source.ts";
import { whatsappSource } from "./whatsapp/source.ts";

/** Every kind of source a channel may name: one folder, one line. */
export const SOURCES: readonly SourceSpec[] = [whatsappSource, mllpSource];
