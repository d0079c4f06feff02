import type { Message } from "#src/message/message.ts";
import type { Chart } from "./chart.ts";
import { filed } from "./filed.ts";
import { withCaption, type Rendered } from "./rendered.ts";

/** A sticker is a picture without words. */
export function sticker(message: Message, chart: Chart): Rendered {
  return withCaption(filed(message, chart, "image"), undefined);
}
