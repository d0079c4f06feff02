import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { readVcard } from "#src/sources/whatsapp/read-vcard.ts";

const card = (...lines: string[]) => ["BEGIN:VCARD", ...lines, "END:VCARD"].join("\r\n");

describe("a vCard", () => {
  test("of an iPhone is read with its own labels and grouped properties", () => {
    const read = readVcard(
      card(
        "VERSION:3.0",
        "N:Weiß;Eva;;Dr.;",
        "FN:Dr. Eva Weiß",
        "ORG:Praxis am Markt;Kardiologie",
        "TITLE:Fachärztin",
        "item1.TEL;waid=4915112345678:+49 1511 2345678",
        "item1.X-ABLabel:Praxis hinten",
        "TEL;type=HOME;type=VOICE;type=pref:+49 89 1",
        "item2.URL:https\\://example.org",
        "item2.X-ABLabel:_$!<HomePage>!$_",
        "item3.ADR;type=WORK:;;Markt 1;München;;80331;Deutschland",
        "EMAIL;type=INTERNET;type=WORK:eva@example.org",
        "BDAY:1970-02-03",
        "NOTE:Nur vormittags\\, bitte",
      ),
    );
    expect(read).toEqual({
      name: "Dr. Eva Weiß",
      organisation: "Praxis am Markt",
      department: "Kardiologie",
      title: "Fachärztin",
      birthday: "1970-02-03",
      note: "Nur vormittags, bitte",
      phones: [
        { value: "+49 1511 2345678", type: "Praxis hinten" },
        { value: "+49 89 1", type: "HOME" },
      ],
      emails: [{ value: "eva@example.org", type: "WORK" }],
      addresses: [{ value: "Markt 1, 80331 München, Deutschland", type: "WORK" }],
      urls: [{ value: "https://example.org", type: "HomePage" }],
      messengers: [],
    });
  });

  test("of version 2.1 may be folded, quoted-printable, with bare types and line feeds alone", () => {
    const text = [
      "BEGIN:VCARD",
      "VERSION:2.1",
      "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=96tzi;Hans;;;",
      "TEL;WORK;FAX:0301",
      "NOTE;ENCODING=QUOTED-PRINTABLE:eins=",
      "zwei",
      "ADR;HOME:;;Weg 2;Ber",
      " lin;;10115;",
      "END:VCARD",
    ].join("\n");
    expect(readVcard(text)).toMatchObject({
      name: "Hans Ötzi",
      phones: [{ value: "0301", type: "WORK FAX" }],
      note: "einszwei",
      addresses: [{ value: "Weg 2, 10115 Berlin", type: "HOME" }],
    });
  });

  test("of version 4.0 writes dates and numbers its own way", () => {
    const read = readVcard(
      card("VERSION:4.0", "FN:A", "BDAY:19700203", 'TEL;VALUE=uri;TYPE="voice,work":tel:+49-30-1'),
    );
    expect(read).toMatchObject({ birthday: "1970-02-03", phones: [{ value: "+49-30-1", type: "work" }] });
  });

  test("is read whatever it is", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void readVcard(text)));
  });
});
