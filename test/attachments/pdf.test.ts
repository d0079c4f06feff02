import { deflateSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { faultInPdf } from "#src/attachments/pdf.ts";

const document = (body: string | Buffer) =>
  Buffer.concat([Buffer.from("%PDF-1.7\n"), Buffer.from(body), Buffer.from("\nstartxref\n0\n%%EOF\n")]);
const packed = (objects: string) =>
  Buffer.concat([
    Buffer.from("7 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode >>\nstream\n"),
    deflateSync(Buffer.from(objects)),
    Buffer.from("\nendstream\nendobj\n"),
  ]);

async function* inPieces(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const faultOf = (bytes: Buffer, size = 65_536) => faultInPdf(inPieces(bytes, size));

describe("active content of a PDF", () => {
  test.each([
    "/JavaScript",
    "/J#61vaScript",
    "/#4aavaScript",
    "/#4A#61#76#61#53#63#72#69#70#74",
    "/Launch",
    "/L#61unch",
    "/SubmitForm",
    "/Submit#46orm",
    "/ImportData",
    "/EmbeddedFiles",
    "/Embedded#46ile",
    "/RichMedia",
    "/XFA",
  ])("is found however its name is written, wherever the pieces end: %s", async (name) => {
    const plain = document(`1 0 obj\n<< /Type /Action /S ${name}/JS (app.alert(1)) >>\nendobj`);
    const hidden = document(Buffer.concat([packed(`1 0 << /S ${name} >>`), Buffer.from("x".repeat(3_000))]));
    for (const size of [65_536, 64, 7, 1]) {
      expect([size, await faultOf(plain, size)]).toEqual([size, "it carries active content"]);
      expect([size, await faultOf(hidden, size)]).toEqual([size, "it carries active content"]);
    }
  });

  test.each([
    "<< /Type /Catalog /OpenAction [3 0 R /Fit] >>",
    "<< /S /URI /URI (https://example.org/launch) >>",
    "<< /JavaScriptless true /Launcher 1 /Launch#65d 2 >>",
    "(a text about /Names and #4a)",
  ])("is not what links and first views are: %s", async (body) => {
    expect(await faultOf(document(body))).toBeUndefined();
    expect(await faultOf(document(packed(`1 0 ${body}`)), 5)).toBeUndefined();
  });

  test("packed beyond measure is a fault of its own", async () => {
    expect(await faultOf(document(packed(" ".repeat(40 * 1024 * 1024))))).toBe(
      "its objects are packed too large to look into",
    );
  });

  test("that nobody can unpack is left to the scanner", async () => {
    const body = "<< /Type /ObjStm >>\nstream\nnot deflated at all\nendstream";
    expect(await faultOf(document(body))).toBeUndefined();
  });
});
