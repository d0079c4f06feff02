import type { RevokeContent } from "#src/message/content.ts";
import { told, type Rendered } from "./rendered.ts";

/**
 * The mark that the sender deleted a message on the phones. The original stays in the chart (§ 630f BGB: what was there
 * must remain recognisable), so this is a Communication about it, never a change to it.
 */
export function revoke(content: RevokeContent): Rendered {
  return { ...told(content), changes: content.target };
}
