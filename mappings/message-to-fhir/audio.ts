import type { AudioContent } from "#src/message/content.ts";
import type { Message } from "#src/message/message.ts";
import type { Chart } from "./chart.ts";
import { filed } from "./filed.ts";
import { withCaption, type Rendered } from "./rendered.ts";

/** Sound as Binary and Media; only what was spoken into the phone counts as dictated. */
export function audio(message: Message, { voice }: AudioContent, chart: Chart): Rendered {
  return { ...withCaption(filed(message, chart, "audio"), undefined), ...(voice && { medium: "DICTATE" }) };
}
