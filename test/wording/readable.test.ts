import { describe, expect, test } from "@jest/globals";
import type { Content } from "#src/message/content.ts";
import { circumstanceLines, readableLines as linesOf } from "#src/wording/readable.ts";
import { wordsIn } from "#src/wording/languages.ts";

const de = wordsIn("de");
const readableLines = (content: Content) => linesOf(content, de);

describe("what a clinician reads", () => {
  const cases: readonly [string, Content, readonly string[]][] = [
    ["a text is its lines", { kind: "text", text: "Grüß Gott\r\nMir ist schlecht" }, ["Grüß Gott", "Mir ist schlecht"]],
    ["an image is named before its caption", { kind: "image", caption: "Wunde" }, ["[Bild]", "Wunde"]],
    ["a voice message is one", { kind: "audio", voice: true }, ["[Sprachnachricht]"]],
    ["a sound file is none", { kind: "audio", voice: false }, ["[Tonaufnahme]"]],
    [
      "a place has degrees",
      { kind: "location", latitude: 48.1, longitude: 11.5, name: "Praxis" },
      ["[Standort 48.1, 11.5]", "Praxis"],
    ],
    [
      "a form shows its answers",
      { kind: "choice", via: "form", text: "Sent", answers: { Schmerz: "7" } },
      ["[Auswahl] Sent", "Schmerz: 7"],
    ],
    [
      "an answer of several lines keeps them",
      { kind: "choice", via: "form", text: "Sent", answers: { Medikamente: "Marcumar 1\n5 Tropfen Novalgin" } },
      ["[Auswahl] Sent", "Medikamente: Marcumar 1", "5 Tropfen Novalgin"],
    ],
    [
      "an address of several lines keeps them",
      {
        kind: "contacts",
        cards: [{ name: "Dr. Weiß", phones: [], emails: [], addresses: ["Hauptstr. 1\r\n2. Stock"], vcard: "" }],
      },
      ["[Kontakt] Dr. Weiß", "[Anschrift] Hauptstr. 1", "2. Stock"],
    ],
    ["a reaction taken back says so", { kind: "reaction", target: "wamid.A" }, ["[Reaktion zurückgenommen]"]],
    [
      "a change of number is told",
      { kind: "note", event: "number_changed", text: "A → B" },
      ["[Rufnummer gewechselt]", "A → B"],
    ],
    [
      "an edit shows the new wording",
      { kind: "edit", target: "wamid.A", revised: { kind: "text", text: "neu" } },
      ["[Bearbeitet]", "neu"],
    ],
    ["a revocation is marked", { kind: "revoke", target: "wamid.A" }, ["[Vom Absender gelöscht]"]],
    [
      "a call tells its length",
      { kind: "call", direction: "incoming", event: "terminate", durationSeconds: 120 },
      ["[Anruf: beendet, 120 s]"],
    ],
    [
      "a call of the hospital is told apart",
      { kind: "call", direction: "outgoing", event: "connect" },
      ["[Anruf der Klinik: begonnen]"],
    ],
    [
      "what cannot be read names itself and the reasons given",
      { kind: "unknown", sourceKind: "unsupported:edit", codes: ["131051"] },
      ["[Nicht darstellbare Nachricht: unsupported:edit, 131051]"],
    ],
  ];

  test.each(cases)("%s", (_, content, lines) => {
    expect(readableLines(content)).toEqual(lines);
  });

  test("an order lists product, quantity and price", () => {
    const items = [{ product: "di9", quantity: "2", price: "30 USD" }];
    expect(readableLines({ kind: "order", catalogId: "1", items })).toEqual(["[Bestellung]", "2 × di9 30 USD"]);
  });

  test("a contact's card is written out", () => {
    const card = {
      name: "Dr. B",
      organisation: "Praxis",
      phones: ["+49 1"],
      emails: ["b@example"],
      addresses: [],
      vcard: "",
    };
    expect(readableLines({ kind: "contacts", cards: [card] })).toEqual([
      "[Kontakt] Dr. B",
      "[Organisation] Praxis",
      "[Telefon] +49 1",
      "[E-Mail] b@example",
    ]);
  });
});

describe("how a message came about", () => {
  test("is told in square brackets, so that nobody takes it for the patient's words", () => {
    expect(
      circumstanceLines(
        {
          earlier: true,
          group: "G1",
          forwarded: "often",
          product: "di9",
          referral: { headline: "Sprechstunde", url: "https://fb.me/1" },
        },
        de,
      ),
    ).toEqual([
      "[Aus dem Verlauf vor dem Anschluss]",
      "[In einer Gruppe geschrieben]",
      "[Häufig weitergeleitet]",
      "[Zu Produkt di9]",
      "[Über eine Anzeige: Sprechstunde: https://fb.me/1]",
    ]);
    expect(circumstanceLines({ forwarded: "once" }, de)).toEqual(["[Weitergeleitet]"]);
  });

  test("is nothing for an ordinary message", () => {
    expect(circumstanceLines(undefined, de)).toEqual([]);
  });
});
