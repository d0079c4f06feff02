import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import { request } from "undici";
import type { AttachmentReference } from "#src/message/attachment.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { FetchedAttachment } from "#src/sources/source.ts";
import { decodedBody } from "#src/wire/http/decode.ts";
import { retryAfterMs } from "#src/wire/http/retry-after.ts";
import { asking, headers, readNode, readProbe } from "./graph.ts";
import type { Graph, GraphRefusal } from "./graph.ts";
import { discard, measured } from "./measured.ts";
import type { MediaHosts } from "./media-hosts.ts";
import { word } from "./member.ts";
import { sha256Hex } from "./sha256.ts";

export interface MediaDeps {
  readonly graph: Graph;
  readonly hosts: MediaHosts;
  readonly maxBytes: number;
}

/** What `GET /<media-id>` tells about the bytes; the address lives five minutes. */
interface Located {
  readonly url: URL;
  readonly declaredType?: string;
  readonly announcedSha256?: string;
}

/** The bytes on their way; undefined when the address has expired. */
type Download = { readonly body: Readable; readonly declaredType?: string } | undefined;

const MAX_REDIRECTS = 3;

/**
 * Fetches an attachment by its id. The address in the webhook is not used: it expires five minutes after Meta wrote it,
 * and asking by id also tells size and digest. An expired address is asked for once more.
 * @throws BotenstoffError MEDIA_*
 */
export async function fetchMedia(
  deps: MediaDeps,
  reference: AttachmentReference,
  signal: AbortSignal,
): Promise<FetchedAttachment> {
  for (let attempt = 0; attempt < 2; attempt++) {
    const located = await locate(deps, reference.mediaId, signal);
    const download = await open(deps, located.url, signal);
    if (download) {
      const declaredType = located.declaredType ?? download.declaredType ?? reference.declaredType;
      const announcedSha256 = located.announcedSha256 ?? reference.announcedSha256;
      return {
        body: download.body,
        ...(declaredType && { declaredType }),
        ...(announcedSha256 && { announcedSha256 }),
      };
    }
  }
  throw new BotenstoffError("MEDIA_UNAVAILABLE", "fetching media: every address given for it had already expired");
}

async function locate(deps: MediaDeps, mediaId: string, signal: AbortSignal): Promise<Located> {
  // "." and ".." would climb in the path; Meta's ids are digits.
  if (/^\.*$/.test(mediaId)) throw new BotenstoffError("MEDIA_GONE", "locating media: this is not a media id");
  const answer = await readNode(deps.graph, mediaId, deps.graph.mediaQuery, signal);
  if ("refused" in answer) throw await refusal(deps, answer, signal);
  const { url, file_size: size, mime_type: type, sha256 } = answer.found;
  if (typeof url !== "string") {
    throw new BotenstoffError("MEDIA_UNAVAILABLE", "locating media: the Graph API gave no address");
  }
  refuseLargerThan(deps.maxBytes, Number(word(size) ?? 0));
  const declaredType = word(type);
  const announcedSha256 = sha256Hex(sha256);
  return {
    url: deps.hosts.pin(url),
    ...(declaredType && { declaredType }),
    ...(announcedSha256 && { announcedSha256 }),
  };
}

/**
 * The Graph API says "does not exist" of what the token may not see, too. Gone is final, so it is believed only of a
 * token that still sees the business number.
 */
async function refusal(deps: MediaDeps, answer: GraphRefusal, signal: AbortSignal): Promise<BotenstoffError> {
  const blind = answer.refused === "absent" && "refused" in (await readProbe(deps.graph, signal));
  const codes = { token: "MEDIA_UNAUTHORIZED", absent: "MEDIA_GONE", other: "MEDIA_UNAVAILABLE" } as const;
  const code = blind ? "MEDIA_UNAUTHORIZED" : codes[answer.refused];
  return new BotenstoffError(code, `locating media: the Graph API answered ${answer.status}`, pauseOf(answer));
}

/** Follows redirects by hand: each hop must be on a named host before it may see the token. */
async function open(deps: MediaDeps, address: URL, signal: AbortSignal): Promise<Download> {
  let url = address;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const options = { dispatcher: deps.graph.dispatcher, headers: headers(deps.graph), signal };
    const { statusCode: status, headers: answer, body } = await asking("the media host", () => request(url, options));
    if (status === 200) return accept(deps, answer, body);
    const pause = pauseOf({ retryAfterMs: retryAfterMs(answer, Date.now()) });
    discard(body);
    if (status === 404 || status === 410) return undefined;
    if (status === 401 || status === 403) {
      throw new BotenstoffError("MEDIA_UNAUTHORIZED", `downloading media: the host answered ${status}`);
    }
    const location = word(answer["location"]);
    if (![301, 302, 303, 307, 308].includes(status) || location === undefined) {
      throw new BotenstoffError("MEDIA_UNAVAILABLE", `downloading media: the host answered ${status}`, pause);
    }
    url = deps.hosts.pin(location, url);
  }
  throw new BotenstoffError("MEDIA_UNAVAILABLE", `downloading media: more than ${MAX_REDIRECTS} redirects`);
}

function pauseOf({ retryAfterMs: pause }: { readonly retryAfterMs?: number | undefined }) {
  return pause === undefined ? {} : { retryAfterMs: pause };
}

/** The length a host announces is that of the coded bytes: where it compressed them it says nothing of the attachment. */
function accept(deps: MediaDeps, headers: IncomingHttpHeaders, body: Readable): Download {
  const coded = headers["content-encoding"] !== undefined;
  const announced = coded ? undefined : word(headers["content-length"]);
  const length = announced === undefined ? undefined : Number(announced);
  try {
    refuseLargerThan(deps.maxBytes, length ?? 0);
  } catch (error) {
    discard(body);
    throw error;
  }
  const declaredType = word(headers["content-type"]);
  return { body: measured(plain(body, headers), deps.maxBytes, length), ...(declaredType && { declaredType }) };
}

function plain(body: Readable, headers: IncomingHttpHeaders): Readable {
  try {
    return decodedBody(body, headers);
  } catch (cause) {
    discard(body);
    throw new BotenstoffError("MEDIA_UNAVAILABLE", "downloading media: its bytes are coded in an unknown way", {
      cause,
    });
  }
}

function refuseLargerThan(maxBytes: number, bytes: number): void {
  if (bytes > maxBytes) {
    throw new BotenstoffError("MEDIA_TOO_LARGE", `fetching media: ${bytes} bytes announced, ${maxBytes} allowed`);
  }
}
