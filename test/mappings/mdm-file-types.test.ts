import { describe, expect, test } from "@jest/globals";
import { encode } from "#src/hl7/encode.ts";
import { message, render } from "./mdm-fixtures.ts";

const WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

function rendered(type: string, fileName: string, profile?: string): string {
  const stored = { sha256: "ab".repeat(32), sha1: "cd".repeat(20), bytes: 4, type };
  const reference = { mediaId: "1", fileName };
  const one = message(
    "d",
    { kind: "document" },
    { attachments: [{ id: "a-1", ordinal: 0, verdict: "clean", reference, stored }] },
  );
  const { pieces } = encode(render(one, profile === undefined ? {} : { profile }), { charset: "UNICODE UTF-8" });
  return pieces.filter((piece) => Buffer.isBuffer(piece)).join("");
}

describe("a file keeps its name and type in an MDM", () => {
  test.each([
    [WORD, "brief.docx", "brief.docx", "AP^DOCX"],
    [EXCEL, "werte.xlsx", "werte.xlsx", "AP^XLSX"],
    ["application/msword", "brief.doc", "brief.doc", "AP^MSWORD"],
    ["text/csv", "werte.csv", "werte.csv", "TX^CSV"],
    ["application/pdf", "Befund.exe", "Befund.exe.pdf", "AP^PDF"],
    ["image/tiff", "scan.tiff", "scan.tiff", "IM^TIFF"],
  ])("%s named %s", (type, given, name, format) => {
    const text = rendered(type, given);
    expect(text).toContain(`|${name}|DO|`);
    expect(text).toContain(`^${format}^Base64^`);
    expect(text).toContain(`[Dokument: ${given}]`);
  });

  test("whose name is longer than its field is named in the text, and by its number with the right ending", () => {
    const text = rendered(WORD, "Entlassungsbrief von Frau Mustermann.docx");
    expect(text).toMatch(/\|[0-9A-Z]{20}\.docx\|DO\|/);
    expect(text).toContain("[Dokument: Entlassungsbrief von Frau Mustermann.docx]");
  });

  test("in the German form its MIME type is whole", () => {
    expect(rendered(WORD, "brief.docx", "german-2.5")).toContain(`^${WORD}^^Base64^`);
  });
});
