import type { ReactionContent } from "#src/message/content.ts";
import { told, type Rendered } from "./rendered.ts";

/** A Communication of its own that answers the message reacted to. Taking it back is another one: both were done. */
export function reaction(content: ReactionContent): Rendered {
  return { ...told(content), answers: content.target };
}
