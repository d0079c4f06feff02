import { deflateSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { readPdf } from "#src/attachments/pdf.ts";

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
const found = (bytes: Buffer, size = 65_536) => readPdf(inPieces(bytes, size));

describe("active content of a PDF", () => {
  test.each([
    ["/JavaScript", "javascript"],
    ["/J#61vaScript", "javascript"],
    ["/#4aavaScript", "javascript"],
    ["/#4A#61#76#61#53#63#72#69#70#74", "javascript"],
    ["/XFA", "javascript"],
    ["/Launch", "launch"],
    ["/L#61unch", "launch"],
    ["/SubmitForm", "submit_form"],
    ["/Submit#46orm", "submit_form"],
    ["/ImportData", "submit_form"],
    ["/EmbeddedFiles", "embedded_files"],
    ["/Embedded#46ile", "embedded_files"],
    ["/RichMedia", "embedded_files"],
    ["/URI (https://example.org)", "uri"],
    ["/U#52I (https://example.org)", "uri"],
    ["/OpenAction", "open_action"],
    ["/AA << /O 4 0 R >>", "additional_actions"],
    ["/#41A 12 0 R", "additional_actions"],
    ["/Encrypt 9 0 R", "encrypted"],
    ["/#45ncrypt<<", "encrypted"],
  ])("is found however its name is written, wherever the pieces end: %s", async (name, trait) => {
    const plain = document(`1 0 obj\n<< /Type /Action /S ${name}/JS (app.alert(1)) >>\nendobj`);
    const hidden = document(Buffer.concat([packed(`1 0 << /S ${name} >>`), Buffer.from("x".repeat(3_000))]));
    for (const size of [65_536, 64, 7, 1]) {
      expect([size, await found(plain, size)]).toEqual([size, { traits: [trait] }]);
      expect([size, await found(hidden, size)]).toEqual([size, { traits: [trait] }]);
    }
  });

  test.each([
    "<< /JavaScriptless true /Launcher 1 /Launch#65d 2 /EncryptMetadata false /URIs 1 >>",
    "(a text about /Names and #4a)",
    "\x93\x12/AA\x00\x81 and /URI\x00 by chance",
  ])("is not what only looks like it: %s", async (body) => {
    expect(await found(document(body))).toEqual({ traits: [] });
    expect(await found(document(packed(`1 0 ${body}`)), 5)).toEqual({ traits: [] });
  });

  test("packed beyond measure is a fault of its own", async () => {
    expect(await found(document(packed(" ".repeat(40 * 1024 * 1024))))).toEqual({
      fault: "its objects are packed too large to look into",
    });
  });

  test("that nobody can unpack is left to the scanner", async () => {
    const body = "<< /Type /ObjStm >>\nstream\nnot deflated at all\nendstream";
    expect(await found(document(body))).toEqual({ traits: [] });
  });
});
