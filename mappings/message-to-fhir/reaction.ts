import type { ReactionContent } from "#src/message/content.ts";
import type { Chart } from "./chart.ts";
import { asLines, type Rendered } from "./rendered.ts";

/** A Communication of its own that answers the message reacted to. Taking it back is another one: both were done. */
export function reaction(content: ReactionContent, chart: Chart): Rendered {
  return { ...asLines(content, chart), answers: content.target };
}
