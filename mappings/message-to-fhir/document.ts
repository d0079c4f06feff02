import type { DocumentContent } from "#src/message/content.ts";
import type { Message } from "#src/message/message.ts";
import type { Chart } from "./chart.ts";
import { filed } from "./filed.ts";
import { withCaption, type Rendered } from "./rendered.ts";

/** Binary, DocumentReference, and a Communication that points to it, caption after it. */
export function document(message: Message, { caption }: DocumentContent, chart: Chart): Rendered {
  return withCaption(filed(message, chart, "document"), caption);
}
