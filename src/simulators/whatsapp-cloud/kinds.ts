/** The part of an element that is its kind's: `type` and the member named after it. */
export type KindPart = Readonly<Record<string, unknown>> & { readonly type: string };

/** Media as the simulator announces it. */
export interface Announced {
  readonly id: string;
  readonly mimeType: string;
  /** Base64, as webhooks carry it. */
  readonly sha256: string;
}

/** The media kinds, as Meta writes them; `extra` holds caption, filename, voice or animated. */
export function mediaPart(
  type: "image" | "audio" | "video" | "document" | "sticker",
  { id, mimeType, sha256 }: Announced,
  extra: Readonly<Record<string, unknown>> = {},
): KindPart {
  return { type, [type]: { ...extra, mime_type: mimeType, sha256, id } };
}

/** One example of every kind that brings no media, by name; `target` is the wamid a reaction, edit or revocation is about. */
export function kindParts(target: string): Readonly<Record<string, KindPart>> {
  return {
    location: {
      type: "location",
      location: {
        latitude: 48.137154,
        longitude: 11.576124,
        name: "Praxis am Markt",
        address: "Marktplatz 1, München",
      },
    },
    contacts: {
      type: "contacts",
      contacts: [
        {
          name: { formatted_name: "Dr. Anna Beispiel", first_name: "Anna", last_name: "Beispiel" },
          org: { company: "Hausarztpraxis; Team A" },
          phones: [{ phone: "+49 89 1234567", wa_id: "49891234567", type: "WORK" }],
          emails: [{ email: "praxis@example.org", type: "WORK" }],
          addresses: [{ street: "Marktplatz 1", zip: "80331", city: "München", country: "Deutschland" }],
        },
      ],
    },
    button: { type: "button", button: { payload: "confirm-42", text: "Termin bestätigen" } },
    buttonReply: {
      type: "interactive",
      interactive: { type: "button_reply", button_reply: { id: "yes", title: "Ja" } },
    },
    listReply: {
      type: "interactive",
      interactive: {
        type: "list_reply",
        list_reply: { id: "pain-7", title: "Schmerz 7", description: "starke Schmerzen" },
      },
    },
    form: {
      type: "interactive",
      interactive: {
        type: "nfm_reply",
        nfm_reply: {
          name: "flow",
          body: "Gesendet",
          response_json: JSON.stringify({ schmerz: "7", fieber: false, seit: ["gestern"], flow_token: "unused" }),
        },
      },
    },
    callPermission: {
      type: "interactive",
      interactive: {
        type: "call_permission_reply",
        call_permission_reply: {
          response: "accept",
          expiration_timestamp: 1_795_500_000,
          response_source: "user_action",
        },
      },
    },
    reaction: { type: "reaction", reaction: { message_id: target, emoji: "👍" } },
    reactionRemoved: { type: "reaction", reaction: { message_id: target } },
    order: {
      type: "order",
      order: {
        catalog_id: "194836987003835",
        text: "Bitte bis Freitag",
        product_items: [{ product_retailer_id: "kompresse-10", quantity: 2, item_price: 4.5, currency: "EUR" }],
      },
    },
    system: {
      type: "system",
      system: { type: "user_changed_number", wa_id: "4915112345679", body: "Nummer gewechselt" },
    },
    welcome: { type: "request_welcome" },
    edit: {
      type: "edit",
      edit: { original_message_id: target, message: { type: "text", text: { body: "Die Wunde nässt seit heute." } } },
    },
    revoke: { type: "revoke", revoke: { original_message_id: target } },
    unsupported: {
      type: "unsupported",
      unsupported: { type: "poll_creation" },
      errors: [{ code: 131051, title: "Message type unknown", message: "Message type unknown" }],
    },
  };
}
