import { setImmediate as othersTurn } from "node:timers/promises";
import PDFDocument from "pdfkit";
import type { Sheet } from "#src/message/sheet.ts";
import { FONT_NAMES, fontBytes } from "./fonts.ts";
import { pictureForPaper, scaledPicture } from "./picture.ts";
import type { Run } from "./runs.ts";
import { Undrawable } from "./undrawable.ts";
import { wrap } from "./wrap.ts";

/** A4 in points, with margins for a punched file. */
const MARGINS = { top: 56, bottom: 64, left: 64, right: 48 };
const LABEL_WIDTH = 110;
const LEADING = 1.45;
/** After so long the others have a turn: leases are renewed and webhooks answered while a long document is drawn. */
const TURN_MS = 20;
const SIZES = { title: 14, text: 10.5, small: 8 };

/**
 * Draws a sheet as PDF/A-2b (ISO 19005-2): fonts embedded, sRGB output intent, XMP metadata, no transparency. Equal
 * sheets over equal pictures give equal bytes, so a resend is the same document.
 * @param readPicture the bytes of an attached picture
 * @throws Undrawable for all pictures that cannot be drawn; what `readPicture` fails with
 */
export async function renderPdf(sheet: Sheet, readPicture: (attachment: string) => Promise<Buffer>): Promise<Buffer> {
  const created = new Date(sheet.createdAt);
  const document = new PDFDocument({
    size: "A4",
    margins: MARGINS,
    pdfVersion: "1.7",
    subset: "PDF/A-2b",
    lang: sheet.language,
    displayTitle: true,
    bufferPages: true,
    // No font of the library's own: PDF/A embeds every one.
    font: null as unknown as string,
    info: {
      Title: sheet.title,
      Author: sheet.author,
      Subject: sheet.number,
      Creator: "Botenstoff",
      Producer: "Botenstoff",
      CreationDate: created,
      ModDate: created,
    },
  });
  for (const name of FONT_NAMES) document.registerFont(name, fontBytes(name));
  const bytes = collect(document);
  const page = new Pen(document);
  await page.paragraph(sheet.title, { base: "bold", size: SIZES.title });
  page.space(6);
  for (const [label, value] of sheet.facts) await page.fact(label, value);
  page.rule();
  const undrawable = new Map<string, unknown>();
  for (const block of sheet.blocks) {
    if ("lines" in block) for (const line of block.lines) await page.paragraph(line);
    else {
      const picture = await readPicture(block.picture);
      try {
        page.picture(await paperOf(picture, block.maxBytes));
      } catch (error) {
        undrawable.set(block.picture, error);
      }
    }
    page.space(8);
  }
  if (undrawable.size > 0) throw new Undrawable([...undrawable.keys()], [...undrawable.values()][0]);
  page.footers(sheet);
  document.end();
  return bytes;
}

async function paperOf(bytes: Buffer, maxBytes?: number): Promise<Buffer> {
  return pictureForPaper(maxBytes === undefined ? bytes : await scaledPicture(bytes, maxBytes));
}

/** In the library's documentation, not in its types. */
interface OpensImages {
  openImage(bytes: Buffer): { readonly width: number; readonly height: number };
}

interface TextOptions {
  readonly base?: "text" | "bold";
  readonly size?: number;
  readonly indent?: number;
}

/** Draws from top to bottom and turns the page where it is full. */
class Pen {
  readonly #document: PDFKit.PDFDocument;
  #y: number = MARGINS.top;
  #turnEnds = performance.now() + TURN_MS;

  constructor(document: PDFKit.PDFDocument) {
    this.#document = document;
  }

  async paragraph(text: string, { base = "text", size = SIZES.text, indent = 0 }: TextOptions = {}): Promise<void> {
    for (const line of wrap(text, base, this.#width - indent, (run) => this.#measure(run, size))) {
      this.#room(size * LEADING);
      let x = line.right ? MARGINS.left + this.#width - line.width : MARGINS.left + indent;
      for (const run of line.runs) {
        this.#draw(run, x, this.#y, size);
        x += run.width;
      }
      this.#y += size * LEADING;
      await this.#breathe();
    }
  }

  async fact(label: string, value: string): Promise<void> {
    this.#room(SIZES.text * LEADING);
    const top = this.#y;
    await this.paragraph(label, { base: "bold" });
    this.#y = top;
    await this.paragraph(value, { indent: LABEL_WIDTH });
  }

  rule(): void {
    this.space(4);
    this.#document
      .moveTo(MARGINS.left, this.#y)
      .lineTo(MARGINS.left + this.#width, this.#y)
      .lineWidth(0.5)
      .stroke();
    this.space(10);
  }

  picture(bytes: Buffer): void {
    const image = (this.#document as unknown as OpensImages).openImage(bytes);
    const full = this.#bottom - MARGINS.top;
    // 96 dots per inch on paper, or smaller where that is wider than the page or higher than it.
    const scale = Math.min(0.75, this.#width / image.width, full / image.height);
    this.#room(image.height * scale);
    this.#document.image(image as unknown as string, MARGINS.left, this.#y, {
      width: image.width * scale,
      height: image.height * scale,
    });
    this.#y += image.height * scale;
  }

  space(points: number): void {
    this.#y += points;
  }

  footers({ number, pageOfPages }: Sheet): void {
    const { start, count } = this.#document.bufferedPageRange();
    for (let index = 0; index < count; index += 1) {
      this.#document.switchToPage(start + index);
      const numbered = pageOfPages.replace("{page}", String(index + 1)).replace("{pages}", String(count));
      const text = `${number} · ${numbered}`;
      const run: Run = { font: "text", text, rightToLeft: false };
      this.#draw(run, MARGINS.left, this.#bottom + 24, SIZES.small);
    }
  }

  get #width(): number {
    return this.#document.page.width - MARGINS.left - MARGINS.right;
  }

  get #bottom(): number {
    return this.#document.page.height - MARGINS.bottom;
  }

  #room(height: number): void {
    if (this.#y + height <= this.#bottom || this.#y === MARGINS.top) return;
    this.#document.addPage();
    this.#y = MARGINS.top;
  }

  async #breathe(): Promise<void> {
    if (performance.now() < this.#turnEnds) return;
    await othersTurn();
    this.#turnEnds = performance.now() + TURN_MS;
  }

  #measure({ font, text }: Run, size: number): number {
    return this.#document.font(font).fontSize(size).widthOfString(text, { features: [] });
  }

  #draw({ font, text }: Run, x: number, y: number, size: number): void {
    // `features` makes the library shape the run as a whole: word by word it would put Arabic words in Latin order.
    this.#document.font(font).fontSize(size).text(text, x, y, { lineBreak: false, features: [], baseline: "top" });
  }
}

function collect(document: PDFKit.PDFDocument): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    document.on("data", (chunk: Buffer) => chunks.push(chunk));
    document.on("end", () => resolve(Buffer.concat(chunks)));
    document.on("error", reject);
  });
}
