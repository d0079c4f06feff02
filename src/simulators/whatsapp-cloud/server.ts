import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { MediaShelf, answer, refuse } from "./media.ts";
import type { MediaBehaviour, SeenRequest } from "./media.ts";
import { batch, imageUpdate, textUpdate } from "./payload.ts";
import type { ImageInput, SignedBody, TextInput, Update } from "./payload.ts";
import { playProvider } from "./provider.ts";
import type { PlayedProvider, ProviderOptions } from "./provider.ts";
import { deliver, post, verify } from "./webhook.ts";
import type { RetryPlan } from "./webhook.ts";

export interface WhatsappCloudOptions extends ProviderOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/**
 * Meta's side of the WhatsApp Cloud API, or 360dialog's, on real HTTP: a Graph API that serves media, and a sender of
 * webhooks.
 */
export interface WhatsappCloud {
  /** What goes into `graph_url`. */
  readonly url: string;
  readonly port: number;
  /** The last 1,000 requests, oldest first. */
  readonly requests: readonly SeenRequest[];
  /** Uploads what a patient attaches; `sha256` is base64, as the webhook carries it. */
  addMedia(bytes: Buffer, mimeType: string, id?: string): { id: string; sha256: string };
  hasMedia(id: string): boolean;
  /** Media ids that were deleted, oldest first. */
  readonly deletedMedia: readonly string[];
  /** Replaces the queue of misbehaviours; each is used up by the next request it fits. */
  behave(queue: readonly MediaBehaviour[]): void;
  /** One media id goes wrong for good. */
  lose(behaviour: MediaBehaviour & { readonly media: string }): void;
  textBody(input: TextInput): Record<string, unknown>;
  imageBody(input: ImageInput): Record<string, unknown>;
  batchBody(updates: readonly Update[]): Record<string, unknown>;
  signedBody(payload: unknown): SignedBody;
  post(webhookUrl: string, signed: SignedBody): Promise<number>;
  deliver(webhookUrl: string, signed: SignedBody, plan?: RetryPlan): Promise<number>;
  verify(webhookUrl: string, verifyToken: string): Promise<boolean>;
  close(): Promise<void>;
}

const RETRIES: RetryPlan = { attempts: 12, firstMs: 500 };
const KEPT_REQUESTS = 1_000;
const DOWNLOAD = "/whatsapp_business/attachments/";

/** Opens the simulator. @throws the listen error (EADDRINUSE, …) */
export async function startWhatsappCloud(options: WhatsappCloudOptions): Promise<WhatsappCloud> {
  const { phoneNumberId } = options;
  const provider = playProvider(options);
  const shelf = new MediaShelf();
  const requests: SeenRequest[] = [];
  const server = createServer((request, response) => {
    serve({ provider, shelf, requests }, request, response).catch(() => response.destroy());
  });
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.host}:${port}`,
    port,
    requests,
    addMedia: (bytes, mimeType, id) => shelf.add(bytes, mimeType, id),
    hasMedia: (id) => shelf.has(id),
    deletedMedia: shelf.deleted,
    behave: (queue) => shelf.behave(queue),
    lose: (behaviour) => shelf.lose(behaviour),
    textBody: (input) => batch(phoneNumberId, [textUpdate(input)]),
    imageBody: (input) => batch(phoneNumberId, [imageUpdate(input)]),
    batchBody: (updates) => batch(phoneNumberId, updates),
    signedBody: (payload) => provider.sign(payload),
    post,
    deliver: (webhookUrl, signed, plan = RETRIES) => deliver(webhookUrl, signed, plan),
    verify,
    close: () => close(server),
  };
}

interface Simulation {
  readonly provider: PlayedProvider;
  readonly shelf: MediaShelf;
  readonly requests: SeenRequest[];
}

async function serve(
  { provider, shelf, requests }: Simulation,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://simulator");
  const method = request.method ?? "GET";
  const authorized = provider.authorized(request.headers);
  requests.push({ method, path: pathname, authorized });
  if (requests.length > KEPT_REQUESTS) requests.shift();
  if (!authorized) {
    refuse(response, 401, { code: 190, type: "OAuthException", message: "Invalid OAuth access token" });
    return;
  }
  if (method === "GET" && pathname === DOWNLOAD) return shelf.download(searchParams, response);
  const id = provider.nodeOf(pathname);
  if (id === undefined) {
    refuse(response, 404, { code: 2500, type: "OAuthException", message: "Unknown path" });
    return;
  }
  if (method === "DELETE") return shelf.remove(id, response);
  if (id === provider.probe) {
    answer(response, 200, { id });
    return;
  }
  return shelf.lookUp(id, provider.mediaOrigin(`http://${request.headers.host ?? ""}`), response);
}

function listen(server: Server, { host, port }: WhatsappCloudOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(port, host, () => resolve());
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
