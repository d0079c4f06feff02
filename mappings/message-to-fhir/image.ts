import type { ImageContent } from "#src/message/content.ts";
import type { Message } from "#src/message/message.ts";
import type { Chart } from "./chart.ts";
import { filed } from "./filed.ts";
import { withCaption, type Rendered } from "./rendered.ts";

/** Binary, Media, and a Communication that points to it, caption after it. */
export function image(message: Message, { caption }: ImageContent, chart: Chart): Rendered {
  return withCaption(filed(message, chart, "image"), caption);
}
