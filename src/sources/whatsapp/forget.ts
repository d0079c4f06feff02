import type { AttachmentReference } from "#src/message/attachment.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { deleteNode, readProbe, type Graph } from "./graph.ts";

/**
 * Deletes an attachment at Meta: `DELETE /<media-id>`. Meta keeps it for up to 30 days otherwise. What a token may not
 * see "does not exist" either, so gone is believed only of a token that still sees the business number.
 * @throws BotenstoffError MEDIA_UNAUTHORIZED, MEDIA_UNAVAILABLE
 */
export async function forgetMedia(
  graph: Graph,
  { mediaId }: AttachmentReference,
  signal: AbortSignal,
): Promise<"deleted" | "gone"> {
  // "." and ".." would climb in the path; such an id never named anything.
  if (/^\.*$/.test(mediaId)) return "gone";
  const answer = await deleteNode(graph, mediaId, graph.mediaQuery, signal);
  if ("found" in answer && answer.found["success"] === true) return "deleted";
  const refused = "found" in answer ? "other" : answer.refused;
  const blind = refused === "absent" && "refused" in (await readProbe(graph, signal));
  if (refused === "absent" && !blind) return "gone";
  const code = refused === "token" || blind ? "MEDIA_UNAUTHORIZED" : "MEDIA_UNAVAILABLE";
  const status = "found" in answer ? 200 : answer.status;
  throw new BotenstoffError(code, `deleting media: the Graph API answered ${status} without success`);
}
