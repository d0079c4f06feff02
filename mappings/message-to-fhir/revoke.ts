import type { RevokeContent } from "#src/message/content.ts";
import type { Chart } from "./chart.ts";
import { asLines, type Rendered } from "./rendered.ts";

/**
 * The mark that the sender deleted a message on the phones. The original stays in the chart (§ 630f BGB: what was there
 * must remain recognisable), so this is a Communication about it, never a change to it.
 */
export function revoke(content: RevokeContent, chart: Chart): Rendered {
  return { ...asLines(content, chart), changes: content.target };
}
