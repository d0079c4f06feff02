import { describe, expect, test } from "@jest/globals";
import type { Content } from "#src/message/content.ts";
import { kindParts, mediaPart } from "#src/simulators/whatsapp-cloud/kinds.ts";
import type { KindPart } from "#src/simulators/whatsapp-cloud/kinds.ts";
import { messageReading } from "#src/sources/whatsapp/kind.ts";

const HEX = "49f22763480629330995459bc310b593e1400f41591efcf07e9bced33d1419f2";
const media = { id: "77", mimeType: "image/webp", sha256: Buffer.from(HEX, "hex").toString("base64") };
const attachment = { mediaId: "77", declaredType: "image/webp", announcedSha256: HEX };
const parts = kindParts("wamid.TARGET");
const part = (name: string): KindPart => parts[name]!;
const read = (element: object) => messageReading(element as Record<string, unknown>);
const interactive = (type: string, reply: unknown) =>
  read({ type: "interactive", interactive: { type, [type]: reply } });

describe("a kind with its attachment", () => {
  test.each([
    ["image", { caption: "Tag 3" }, { kind: "image", caption: "Tag 3" }],
    ["video", { caption: "Tag 3" }, { kind: "video", caption: "Tag 3" }],
    ["document", { caption: "Befund" }, { kind: "document", caption: "Befund" }],
    ["audio", { voice: true }, { kind: "audio", voice: true }],
    ["audio", {}, { kind: "audio", voice: false }],
    ["sticker", { animated: true }, { kind: "sticker", animated: true }],
    ["sticker", {}, { kind: "sticker", animated: false }],
  ] as const)("%s is read with %j", (type, extra, content) => {
    expect(read(mediaPart(type, media, extra))).toEqual({ content, attachments: [attachment] });
  });

  test("a voice message of the On-Premises API is one", () => {
    const { content, attachments } = read({ type: "voice", voice: { id: "77", sha256: HEX } });
    expect(content).toEqual({ kind: "audio", voice: true });
    expect(attachments).toEqual([{ mediaId: "77", announcedSha256: HEX }]);
  });

  test("a document keeps the name its sender gave it", () => {
    const { attachments } = read(mediaPart("document", media, { filename: "../Befund.pdf" }));
    expect(attachments).toEqual([{ ...attachment, fileName: "../Befund.pdf" }]);
  });

  test.each(["image", "audio", "voice", "video", "document", "sticker"])(
    "%s without a media id is malformed",
    (type) => {
      for (const own of [undefined, null, {}, { id: "" }, "x", []]) {
        expect(read({ type, [type]: own })).toEqual({
          content: { kind: "unknown", sourceKind: type },
          hold: "malformed",
        });
      }
    },
  );

  test("one that Meta could not deliver is no mistake: its reason is shown", () => {
    expect(read({ type: "video", errors: [{ code: 131052 }, { code: 131052 }, { code: "x" }, null] })).toEqual({
      content: { kind: "unknown", sourceKind: "video", codes: ["131052"] },
      hold: "unsupported",
    });
  });
});

describe("a kind without attachments", () => {
  const cases: readonly [string, Content][] = [
    [
      "location",
      {
        kind: "location",
        latitude: 48.137154,
        longitude: 11.576124,
        name: "Praxis am Markt",
        address: "Marktplatz 1, München",
      },
    ],
    ["button", { kind: "choice", via: "button", text: "Termin bestätigen", payload: "confirm-42" }],
    ["buttonReply", { kind: "choice", via: "button", text: "Ja", payload: "yes" }],
    [
      "listReply",
      { kind: "choice", via: "list", text: "Schmerz 7", description: "starke Schmerzen", payload: "pain-7" },
    ],
    [
      "form",
      { kind: "choice", via: "form", text: "Gesendet", answers: { schmerz: "7", fieber: "false", seit: "gestern" } },
    ],
    [
      "callPermission",
      {
        kind: "choice",
        via: "call_permission",
        text: "accept",
        payload: "accept",
        callPermission: { response: "accept", until: "2026-11-24T06:00:00.000Z" },
      },
    ],
    ["reaction", { kind: "reaction", target: "wamid.TARGET", emoji: "👍" }],
    ["reactionRemoved", { kind: "reaction", target: "wamid.TARGET" }],
    [
      "order",
      {
        kind: "order",
        catalogId: "194836987003835",
        text: "Bitte bis Freitag",
        items: [{ product: "kompresse-10", quantity: "2", price: "4.5 EUR" }],
      },
    ],
    ["system", { kind: "note", event: "number_changed", text: "Nummer gewechselt" }],
    ["welcome", { kind: "note", event: "welcome_requested" }],
    ["edit", { kind: "edit", target: "wamid.TARGET", revised: { kind: "text", text: "Die Wunde nässt seit heute." } }],
    ["revoke", { kind: "revoke", target: "wamid.TARGET" }],
  ];

  test.each(cases)("%s is read whole", (name, content) => {
    expect(read(part(name))).toEqual({ content });
  });

  test.each(cases.filter(([name]) => name !== "welcome"))("%s without its own part is malformed", (name) => {
    const { type } = part(name);
    for (const own of [undefined, null, {}, 7, "x", []]) {
      expect(read({ type, [type]: own })).toMatchObject({ content: { kind: "unknown" }, hold: "malformed" });
    }
  });

  test("every example of the simulator is tried here or below", () => {
    const tried = [...cases.map(([name]) => name), "contacts", "unsupported"];
    expect(Object.keys(parts).sort()).toEqual(tried.sort());
  });
});

describe("a place", () => {
  const at = (latitude: unknown, longitude: unknown) => read({ type: "location", location: { latitude, longitude } });

  test("may be a bare pin, at zero degrees, or written as digits", () => {
    expect(at(0, 0).content).toEqual({ kind: "location", latitude: 0, longitude: 0 });
    expect(at("48.1", "-11.5").content).toEqual({ kind: "location", latitude: 48.1, longitude: -11.5 });
  });

  test("that does not exist is malformed", () => {
    for (const [latitude, longitude] of [
      [91, 0],
      [0, -181],
      [Number.NaN, 0],
      ["north", 0],
      ["1e1", 0],
      [null, 0],
      [0, undefined],
    ]) {
      expect(at(latitude, longitude).hold).toBe("malformed");
    }
  });
});

describe("shared contacts", () => {
  test("become cards with a vCard of their own, where nothing typed can add a property", () => {
    const { content } = read(part("contacts"));
    expect(content).toEqual({
      kind: "contacts",
      cards: [
        {
          name: "Dr. Anna Beispiel",
          organisation: "Hausarztpraxis; Team A",
          phones: [{ value: "+49 89 1234567", type: "WORK" }],
          emails: [{ value: "praxis@example.org", type: "WORK" }],
          addresses: ["Marktplatz 1, 80331 München, Deutschland"],
          urls: [],
          messengers: [],
          vcard: [
            "BEGIN:VCARD",
            "VERSION:4.0",
            "FN:Dr. Anna Beispiel",
            "ORG:Hausarztpraxis\\; Team A",
            "TEL;TYPE=work:+49 89 1234567",
            "EMAIL;TYPE=work:praxis@example.org",
            "ADR:;;Marktplatz 1\\, 80331 München\\, Deutschland;;;;",
            "END:VCARD",
            "",
          ].join("\r\n"),
        },
      ],
    });
    const hostile = read({ type: "contacts", contacts: [{ name: { first_name: "A\r\nTEL:1", last_name: "B" } }] });
    expect(hostile.content).toMatchObject({
      cards: [{ name: "A\r\nTEL:1 B", vcard: expect.stringContaining("FN:A\\nTEL:1 B\r\n") }],
    });
  });

  test("keep the vCard the sender's device wrote", () => {
    const vcard = "BEGIN:VCARD\nVERSION:3.0\nFN:A\nEND:VCARD";
    expect(read({ type: "contacts", contacts: [{ name: { formatted_name: "A" }, vcard }] }).content).toMatchObject({
      cards: [{ name: "A", vcard }],
    });
  });

  test("one of which cannot be read are malformed together, so that none is left out", () => {
    expect(read({ type: "contacts", contacts: [{ name: {} }, 7] }).hold).toBe("malformed");
  });
});

describe("a form", () => {
  const form = (response_json: unknown) => interactive("nfm_reply", { name: "flow", body: "Sent", response_json });

  test("that is no object is carried as the one answer it is", () => {
    expect(form("[1,2]").content).toMatchObject({ answers: { response: "1, 2" } });
    expect(form("not json").content).toMatchObject({ answers: { response: "not json" } });
  });

  test("with a field called __proto__ has a field like any other", () => {
    const { content } = form('{"__proto__":"x","a":{"b":1}}');
    expect(content.kind === "choice" && Object.entries(content.answers ?? {})).toEqual([
      ["__proto__", "x"],
      ["a / b", "1"],
    ]);
  });

  test("brings what was uploaded in it as attachments", () => {
    const upload = { file_name: "wunde.jpg", mime_type: "image/jpeg", sha256: media.sha256, id: 77 };
    expect(form(JSON.stringify({ foto: [upload], text: "x" }))).toMatchObject({
      content: { kind: "choice", answers: { foto: "wunde.jpg", text: "x" } },
      attachments: [{ mediaId: "77", declaredType: "image/jpeg", announcedSha256: HEX, fileName: "wunde.jpg" }],
    });
  });

  test("nested deeper than can be written again is carried as the text it is", () => {
    const json = `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    expect(form(json).content).toMatchObject({ answers: { response: json } });
  });

  test("without its answers is malformed", () => {
    expect(form(undefined).hold).toBe("malformed");
    expect(form({ a: 1 }).hold).toBe("malformed");
  });
});

describe("an interactive answer", () => {
  test("of a type nobody knows yet is unknown, not malformed", () => {
    expect(interactive("product_carousel", { id: "1" })).toEqual({
      content: { kind: "unknown", sourceKind: "interactive:product_carousel" },
      hold: "unsupported",
    });
  });

  test("may refuse calls", () => {
    expect(interactive("call_permission_reply", { response: "reject" }).content).toMatchObject({
      text: "reject",
    });
  });
});

describe("a system message", () => {
  test.each([
    ["customer_changed_number", "number_changed"],
    ["user_changed_user_id", "user_id_changed"],
    ["customer_identity_changed", "identity_changed"],
    ["constructor", "other"],
  ])("of type %s is noted as %s", (type, event) => {
    expect(read({ type: "system", system: { type, body: "Satz" } })).toEqual({
      content: { kind: "note", event, text: "Satz" },
    });
  });

  test("nobody knows is shown under Meta's name for it", () => {
    expect(read({ type: "system", system: { type: "moon_changed" } }).content).toEqual({
      kind: "note",
      event: "other",
      text: "moon_changed",
    });
  });
});

describe("an edit", () => {
  const edit = (message: unknown) => read({ type: "edit", edit: { original_message_id: "wamid.A", message } });

  test("of a caption comes with the image or without it", () => {
    const revised = { kind: "image", caption: "neu" };
    expect(edit(mediaPart("image", media, { caption: "neu" }))).toEqual({
      content: { kind: "edit", target: "wamid.A", revised },
      attachments: [attachment],
    });
    expect(edit({ type: "image", image: { caption: "neu" } })).toEqual({
      content: { kind: "edit", target: "wamid.A", revised },
    });
  });

  test("of something that cannot be edited is unknown; without its new wording it is malformed", () => {
    expect(edit({ type: "sticker", sticker: {} })).toMatchObject({
      content: { sourceKind: "edit:sticker" },
      hold: "unsupported",
    });
    expect(edit({ type: "text", text: {} })).toMatchObject({ content: { sourceKind: "edit:text" }, hold: "malformed" });
    expect(edit({ type: "document", document: {} }).hold).toBe("malformed");
  });
});

describe("what Meta itself cannot deliver", () => {
  test("is unknown, with the subtype and the codes", () => {
    expect(read(part("unsupported"))).toEqual({
      content: { kind: "unknown", sourceKind: "unsupported:poll_creation", codes: ["131051"] },
      hold: "unsupported",
    });
    expect(read({ type: "unknown", errors: [{ code: 131051, details: "x" }] }).content).toEqual({
      kind: "unknown",
      sourceKind: "unknown",
      codes: ["131051"],
    });
  });
});

describe("a form with nested answers", () => {
  test("shows each under the names it is in, and no JSON", () => {
    const given = {
      adresse: { ort: "Wien", haus: { nr: 7 } },
      medikamente: [{ name: "A", mg: 5 }, { name: "B" }],
      tage: [1, 2],
      sonst: null,
      leer: {},
    };
    const reply = { response_json: JSON.stringify(given), body: "Sent" };
    const element = { type: "interactive", interactive: { type: "nfm_reply", nfm_reply: reply } };
    expect(read(element).content).toMatchObject({
      answers: {
        "adresse / ort": "Wien",
        "adresse / haus / nr": "7",
        "medikamente / 1 / name": "A",
        "medikamente / 1 / mg": "5",
        "medikamente / 2 / name": "B",
        tage: "1, 2",
        sonst: "",
        leer: "",
      },
    });
  });
});
