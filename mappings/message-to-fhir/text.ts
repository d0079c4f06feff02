import type { TextContent } from "#src/message/content.ts";
import { typedPayload, type Rendered } from "./rendered.ts";

/** A text, as it was written. */
export function text(content: TextContent): Rendered {
  return { payload: [typedPayload(content.text)] };
}
