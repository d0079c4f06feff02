import { inflateSync } from "node:zlib";
import { describe, expect, it } from "@jest/globals";
import { gradientPng } from "#src/demo/picture.ts";
import type { Sheet } from "#src/message/sheet.ts";
import { renderPdf } from "#src/rendition/pdf.ts";

const SHEET: Sheet = {
  language: "de-DE",
  pageOfPages: "Seite {page} von {pages}",
  title: "Nachricht über WhatsApp",
  author: "BOTENSTOFF",
  number: "7LV8E8PHW4RZ6Z0C9DRN",
  createdAt: "2026-03-14T08:26:05.000Z",
  facts: [
    ["Patient", "Müller, Erika"],
    ["Absender", "+4915112345678 „Erika 🌷“"],
  ],
  blocks: [{ lines: ["Die Wunde näßt 😟", "Привет مرحبا"] }, { picture: "one" }],
};
const picture = gradientPng(320, 200);
const render = (sheet = SHEET, readPicture = async () => picture) => renderPdf(sheet, readPicture);
const count = (pdf: Buffer, pattern: RegExp) => pdf.toString("latin1").match(pattern)?.length ?? 0;

describe("a message as PDF/A", () => {
  it("is the same bytes whenever it is drawn", async () => {
    const first = await render();
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect((await render()).equals(first)).toBe(true);
  });

  it("says it is PDF/A-2b, when it was made and what it is about, in its metadata", async () => {
    const text = (await render()).toString("latin1");
    expect(text).toContain("<pdfaid:part>2</pdfaid:part>");
    expect(text).toContain("<pdfaid:conformance>B</pdfaid:conformance>");
    expect(text).toContain("/S /GTS_PDFA1");
    expect(text).toContain("20260314082605Z");
    expect(text).toContain("/Lang (de-DE)");
  });

  it("embeds every font, also that of the emoji, and the picture", async () => {
    const pdf = await render();
    expect(count(pdf, /\/FontFile2 /g)).toBe(3);
    expect(count(pdf, /\/Subtype \/Image/g)).toBe(1);
    expect(count(pdf, /\/SMask/g)).toBe(0);
  });

  it("names all pictures that cannot be drawn, so that it can be drawn without them", async () => {
    const blocks = ["one", "broken", "two", "no-picture"].map((name) => ({ picture: name }));
    const bytes: Record<string, Buffer> = { broken: picture.subarray(0, -60), "no-picture": Buffer.from("%PDF-1.7") };
    const drawn = renderPdf({ ...SHEET, blocks }, (name) => Promise.resolve(bytes[name] ?? picture));
    await expect(drawn).rejects.toMatchObject({ code: "MAPPING_FAILED", pictures: ["broken", "no-picture"] });
    await expect(renderPdf({ ...SHEET, blocks }, () => Promise.reject(new Error("away")))).rejects.toThrow("away");
  });

  it("turns the page where it is full, and numbers every page", async () => {
    const lines = Array.from({ length: 200 }, (_, index) => `Zeile ${index}`);
    const pdf = await render({ ...SHEET, blocks: [{ lines }] });
    expect(count(pdf, /\/Type \/Page\b(?!s)/g)).toBe(5);
    expect(count(pdf, /\/Count 5/g)).toBe(1);
  });

  it("lets others have their turn while a long text is drawn: leases run on, webhooks are answered", async () => {
    let longest = 0;
    let last = performance.now();
    const ticking = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 5);
    await render({ ...SHEET, blocks: [{ lines: ["Guten Tag - ".repeat(1_365), " ".repeat(16_384)] }] });
    longest = Math.max(longest, performance.now() - last);
    clearInterval(ticking);
    expect(longest).toBeLessThan(1_000);
  });

  it("draws a picture as large as the page allows, on a page of its own where needed", async () => {
    const pdf = await render({ ...SHEET, blocks: [{ picture: "a" }, { picture: "b" }] }, async () =>
      gradientPng(600, 2_400),
    );
    expect(count(pdf, /\/Type \/Page\b(?!s)/g)).toBe(3);
  });

  it("makes a picture smaller where the sheet asks for it", async () => {
    const large = gradientPng(2_000, 1_500);
    const whole = await render({ ...SHEET, blocks: [{ picture: "a" }] }, async () => large);
    const small = await render({ ...SHEET, blocks: [{ picture: "a", maxBytes: 20_000 }] }, async () => large);
    expect(imageBytes(whole)).toBeGreaterThan(20_000);
    expect(imageBytes(small)).toBeLessThanOrEqual(20_000);
  });

  it("fails for good where the picture is none, before anything is sent", async () => {
    await expect(render(SHEET, async () => Buffer.from("not a picture"))).rejects.toMatchObject({
      code: "MAPPING_FAILED",
    });
  });

  it("holds the words as glyphs of its fonts, not as a picture", async () => {
    const streams = (await render()).toString("latin1").split("stream\n").slice(1);
    const shown = streams.filter((stream) => {
      try {
        return inflateSync(Buffer.from(stream, "latin1")).includes("TJ");
      } catch {
        return false;
      }
    });
    expect(shown.length).toBeGreaterThan(0);
  });
});

function imageBytes(pdf: Buffer): number {
  const text = pdf.toString("latin1");
  const at = text.indexOf("/Subtype /Image");
  const dictionary = text.slice(text.lastIndexOf("<<", at), text.indexOf("stream", at));
  return Number(/\/Length (\d+)/.exec(dictionary)?.[1]);
}
