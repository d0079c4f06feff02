import { describe, expect, test } from "@jest/globals";
import { readPdf } from "#src/attachments/pdf.ts";
import { checkType, sniff } from "#src/attachments/sniff.ts";
import { pdf, pieces, zip } from "./pictures.ts";

const CFB = Buffer.concat([Buffer.from("d0cf11e0a1b11ae1", "hex"), Buffer.alloc(600)]);
const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const utf16 = (text: string) => Buffer.concat([Buffer.from("fffe", "hex"), Buffer.from(text, "utf16le")]);
const tiff = (mark: string) =>
  Buffer.concat([Buffer.from(mark, "latin1"), Buffer.from("00001000", "hex"), Buffer.alloc(64)]);

describe("an honest file", () => {
  test.each<[string, Buffer, string, string]>([
    ["a document of old Word", CFB, "application/msword", "application/msword"],
    ["a table of old Excel", CFB, "application/vnd.ms-excel", "application/vnd.ms-excel"],
    ["a scan in either order of bytes", tiff("MM\0*"), "image/tiff", "image/tiff"],
    ["a scan in the other", tiff("II*\0"), "image/tiff", "image/tiff"],
    ["a PDF behind a line end", Buffer.concat([Buffer.from("\r\n"), pdf()]), "application/pdf", "application/pdf"],
    ["a PDF behind a mark", Buffer.concat([Buffer.from("efbbbf", "hex"), pdf()]), "application/pdf", "application/pdf"],
    ["a text in UTF-16", utf16("Blutdruck 120/80"), "text/plain", "text/plain"],
    ["a text in Latin-1", Buffer.from("Gr\xfc\xdfe", "latin1"), "text/plain", "text/plain"],
    ["a contact under its older name", Buffer.from("BEGIN:VCARD\r\n"), "text/x-vcard", "text/vcard"],
    ["a table announced as Excel's", Buffer.from("a;b\r\n1;2"), "application/vnd.ms-excel", "text/csv"],
  ])("%s is what it says", async (_what, bytes, declared, type) => {
    const found = await sniff(bytes, declared);
    expect(found).toBe(type);
    expect(() => checkType(found, declared, [type])).not.toThrow();
    expect(() => checkType(found, declared, [declared])).not.toThrow();
  });

  test("of the newer format under the name of the older is allowed by either", () => {
    for (const allowed of [XLSX, "application/vnd.ms-excel"]) {
      expect(() => checkType(XLSX, "application/vnd.ms-excel", [allowed])).not.toThrow();
    }
  });

  test("of which nothing is announced is known by the ending of its name", async () => {
    expect(await sniff(CFB, "application/octet-stream", "Brief.DOC")).toBe("application/msword");
    expect(await sniff(Buffer.from("a;b"), "", "werte.csv")).toBe("text/csv");
  });
});

describe("a liar", () => {
  test.each<[string, Buffer, string]>([
    ["an archive as a document", zip(), "application/msword"],
    ["a script as a text", utf16("<script>"), "text/plain"],
    ["bytes as a text", Buffer.from([1, 2, 3]), "text/plain"],
    ["a document as a picture", CFB, "image/tiff"],
    ["an old document as a new one", CFB, XLSX],
  ])("%s is one", async (_what, bytes, declared) => {
    const found = await sniff(bytes, declared);
    expect(() => checkType(found, declared, [declared])).toThrow(expect.objectContaining({ code: "MEDIA_TYPE_LIES" }));
  });
});

describe("a PDF", () => {
  test("may have padding before and behind it, however it arrives", async () => {
    const padded = Buffer.concat([Buffer.from("\r\n"), pdf(), Buffer.alloc(2_000)]);
    for (const size of [1, 100, 65_536]) expect(await readPdf(pieces(padded, size))).toEqual({ traits: [] });
    expect(await readPdf(pieces(pdf().subarray(0, -40), 100))).toEqual({ fault: "it does not end as a PDF" });
  });
});
