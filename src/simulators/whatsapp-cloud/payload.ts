import { createHmac, randomBytes } from "node:crypto";

/** A webhook as it travels: the exact bytes and the headers that vouch for them. */
export interface SignedBody {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** Who writes. Without `from` the sender is known by user id only, as user names allow since 2026. */
export interface Sender {
  readonly from?: string;
  readonly userId?: string;
  readonly name?: string;
}

export interface Envelope extends Sender {
  /** wamid; a fresh one when absent. */
  readonly id?: string;
  /** Unix seconds; now when absent. */
  readonly timestamp?: number;
  /** wamid of the quoted message. */
  readonly replyTo?: string;
}

export interface TextInput extends Envelope {
  readonly body: string;
}

export interface ImageInput extends Envelope {
  readonly mediaId: string;
  readonly mimeType: string;
  /** Base64 of the digest, as webhooks carry it. */
  readonly sha256: string;
  readonly caption?: string;
  readonly url?: string;
}

/** One element with what the value around it needs: what `batch` puts together. */
export interface Update {
  readonly message: Readonly<Record<string, unknown>>;
  readonly contact?: Readonly<Record<string, unknown>>;
}

/**
 * An id as WhatsApp makes them: base64 of a small record holding the sender's number and 20 hex digits. The number is in
 * it, which is why a wamid is personal.
 */
export function wamid(number: string): string {
  const unique = randomBytes(10).toString("hex").toUpperCase();
  const field = (tag: readonly number[], text: string): Buffer =>
    Buffer.concat([Buffer.from([...tag, 0x18, text.length]), Buffer.from(text, "latin1")]);
  const record = [field([0x1c], number), Buffer.from([0x15, 0x02, 0x00]), field([0x12], unique), Buffer.from([0x00])];
  return `wamid.${Buffer.concat(record).toString("base64")}`;
}

export function textUpdate(input: TextInput): Update {
  return elementUpdate(input, { type: "text", text: { body: input.body } });
}

export function imageUpdate(input: ImageInput): Update {
  const { caption, mimeType, sha256, mediaId, url } = input;
  const image = { ...(caption && { caption }), mime_type: mimeType, sha256, id: mediaId, ...(url && { url }) };
  return elementUpdate(input, { type: "image", image });
}

/** An element of any type: `content` is its `type` and what belongs to it. */
export function elementUpdate(input: Envelope, content: Readonly<Record<string, unknown>>): Update {
  const { from, userId, name, replyTo } = input;
  return {
    message: {
      ...(from && { from }),
      ...(userId && { from_user_id: userId }),
      id: input.id ?? wamid(from ?? "0"),
      timestamp: String(input.timestamp ?? Math.floor(Date.now() / 1_000)),
      ...content,
      ...(replyTo && { context: { id: replyTo } }),
    },
    contact: { profile: { name: name ?? "" }, ...(from && { wa_id: from }), ...(userId && { user_id: userId }) },
  };
}

/** The webhook body for any number of updates, with each sender once in `contacts`. */
export function batch(phoneNumberId: string, updates: readonly Update[]): Record<string, unknown> {
  const contacts = new Map(updates.flatMap(({ contact }) => (contact ? [[JSON.stringify(contact), contact]] : [])));
  const messages = updates.map(({ message }) => message);
  return fieldBody(phoneNumberId, "messages", { contacts: [...contacts.values()], messages });
}

/** The webhook body of one change of any field; `members` are what its value holds beside the number. */
export function fieldBody(
  phoneNumberId: string,
  field: string,
  members: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const metadata = { display_phone_number: "4930901820", phone_number_id: phoneNumberId };
  const value = { messaging_product: "whatsapp", metadata, ...members };
  return { object: "whatsapp_business_account", entry: [{ id: "102290129340398", changes: [{ value, field }] }] };
}

/** Signs a payload the way Meta does: over JSON with `/` and everything beyond ASCII escaped per UTF-16 unit (`\/`, `\u00e4`). */
export function sign(payload: unknown, appSecret: string): SignedBody {
  const json = JSON.stringify(payload)
    .replaceAll("/", "\\/")
    .replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const body = Buffer.from(json, "ascii");
  const digest = createHmac("sha256", appSecret).update(body).digest("hex");
  return {
    body,
    headers: {
      "content-type": "application/json",
      "x-hub-signature-256": `sha256=${digest}`,
      "user-agent": "facebookexternalua",
    },
  };
}
