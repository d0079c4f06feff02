import { createHash, randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";

/** Media URLs live five minutes (Meta, business-phone-numbers/media). */
const URL_LIFETIME_MS = 5 * 60_000;

/** `lookup` is `GET /<media-id>`, `download` the address it gives, `delete` is `DELETE /<media-id>`. */
type Step = "lookup" | "download" | "delete";

/**
 * How the next matching request goes wrong. Numbers are HTTP statuses; times are milliseconds.
 */
export type MediaBehaviour = Misbehaviour & {
  /** Only requests about this media id; absent: about any. */
  readonly media?: string;
  /** It goes wrong every time, not only the next. */
  readonly lasts?: true;
};

type Misbehaviour =
  | { readonly on: Step; readonly status: number; readonly error?: Readonly<Record<string, unknown>> }
  | { readonly on: Step; readonly delayMs: number }
  | { readonly on: Step; readonly fault: "reset" }
  | { readonly on: "lookup"; readonly announce: Readonly<Record<string, unknown>> }
  | { readonly on: "download"; readonly fault: "wrong-bytes" | "truncated" | "truncated-chunked" | "stall" }
  | { readonly on: "download"; readonly contentLength: number }
  | { readonly on: "download"; readonly redirectTo: string };

interface Media {
  readonly bytes: Buffer;
  readonly sha256: Buffer;
  readonly mimeType: string;
}

/** A request the simulator saw; `authorized` tells whether it carried the right token. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly authorized: boolean;
}

/** The media half of the simulated Graph API. */
export class MediaShelf {
  readonly #media = new Map<string, Media>();
  readonly #urls = new Map<string, { readonly id: string; readonly until: number }>();
  #queue: MediaBehaviour[] = [];
  readonly #lost: MediaBehaviour[] = [];

  add(
    bytes: Buffer,
    mimeType: string,
    id = String(randomBytes(6).readUIntBE(0, 6) + 1_000_000_000_000_000),
  ): { id: string; sha256: string } {
    const sha256 = createHash("sha256").update(bytes).digest();
    this.#media.set(id, { bytes, sha256, mimeType });
    return { id, sha256: sha256.toString("base64") };
  }

  behave(queue: readonly MediaBehaviour[]): void {
    this.#queue = [...queue];
  }

  /** From now on it goes wrong like this for good, whatever else happens. */
  lose(behaviour: MediaBehaviour & { readonly media: string }): void {
    this.#lost.push(behaviour);
  }

  has(id: string): boolean {
    return this.#media.has(id);
  }

  /** Ids that were deleted, oldest first. */
  readonly deleted: string[] = [];

  /** `DELETE /<media-id>`. */
  async remove(id: string, response: ServerResponse): Promise<void> {
    if (await misbehaved(this.#next("delete", id), response)) return;
    if (!this.#media.delete(id)) {
      absent(response);
      return;
    }
    this.deleted.push(id);
    answer(response, 200, { success: true });
  }

  /** `GET /<media-id>`: where the bytes are, below the origin given. */
  async lookUp(id: string, origin: string, response: ServerResponse): Promise<void> {
    const behaviour = this.#next("lookup", id);
    if (await misbehaved(behaviour, response)) return;
    const media = this.#media.get(id);
    if (!media) {
      absent(response);
      return;
    }
    const token = randomBytes(12).toString("hex");
    this.#urls.set(token, { id, until: Date.now() + URL_LIFETIME_MS });
    answer(response, 200, {
      url: `${origin}/whatsapp_business/attachments/?mid=${id}&token=${token}`,
      mime_type: media.mimeType,
      sha256: media.sha256.toString("hex"),
      file_size: media.bytes.length,
      id,
      messaging_product: "whatsapp",
      ...(behaviour && "announce" in behaviour && behaviour.announce),
    });
  }

  /** The address a look-up gave: the bytes, or 404 once it has expired. */
  async download(query: URLSearchParams, response: ServerResponse): Promise<void> {
    const url = this.#urls.get(query.get("token") ?? "");
    const behaviour = this.#next("download", url?.id);
    if (await misbehaved(behaviour, response)) return;
    const media = url && Date.now() < url.until ? this.#media.get(url.id) : undefined;
    if (!media) {
      refuse(response, 404, { code: 404, message: "URL signature expired" });
      return;
    }
    if (behaviour && "redirectTo" in behaviour) {
      response.writeHead(302, { location: behaviour.redirectTo }).end();
    } else {
      send(media, behaviour, response);
    }
  }

  #next(on: Step, id: string | undefined): MediaBehaviour | undefined {
    const lost = this.#lost.find(({ on: step, media }) => step === on && media === id);
    if (lost) return lost;
    const index = this.#queue.findIndex(({ on: step, media = id }) => step === on && media === id);
    const found = this.#queue[index];
    if (found && !found.lasts) this.#queue.splice(index, 1);
    return found;
  }
}

/** What the Graph API says of what is not there, or not for this token. */
function absent(response: ServerResponse): void {
  refuse(response, 400, {
    code: 100,
    error_subcode: 33,
    type: "GraphMethodException",
    message: "Object does not exist",
  });
}

/** What goes wrong before anything is looked at. True when the request is answered already. */
async function misbehaved(behaviour: MediaBehaviour | undefined, response: ServerResponse): Promise<boolean> {
  if (!behaviour) return false;
  if ("status" in behaviour) {
    refuse(
      response,
      behaviour.status,
      behaviour.error ?? { code: behaviour.status === 401 ? 190 : 1, message: "simulated" },
    );
    return true;
  }
  if ("delayMs" in behaviour) await new Promise((resolve) => setTimeout(resolve, behaviour.delayMs).unref());
  if ("fault" in behaviour && behaviour.fault === "reset") {
    response.socket?.resetAndDestroy();
    return true;
  }
  return false;
}

function send(media: Media, behaviour: MediaBehaviour | undefined, response: ServerResponse): void {
  const fault = behaviour && "fault" in behaviour ? behaviour.fault : undefined;
  const length = behaviour && "contentLength" in behaviour ? behaviour.contentLength : media.bytes.length;
  const bytes = fault === "wrong-bytes" ? Buffer.from(media.bytes.map((byte) => byte ^ 0xff)) : media.bytes;
  const half = bytes.subarray(0, Math.floor(bytes.length / 2));
  response.writeHead(200, {
    "content-type": media.mimeType,
    ...(fault !== "truncated-chunked" && { "content-length": length }),
  });
  if (fault === "stall") {
    response.write(half);
  } else if (fault === "truncated" || fault === "truncated-chunked") {
    response.write(half, () => response.socket?.destroySoon());
  } else {
    // A length above the truth leaves the client waiting until the connection closes.
    response.end(bytes, () => length !== bytes.length && response.socket?.destroySoon());
  }
}

export function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** An error in the Graph API's shape. */
export function refuse(response: ServerResponse, status: number, error: Readonly<Record<string, unknown>>): void {
  answer(response, status, { error });
}
