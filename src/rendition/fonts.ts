import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { create, type Font } from "fontkit";

export type FontName = "text" | "bold" | "emoji";

/** DejaVu Sans has Latin, Cyrillic, Greek, Arabic and Hebrew; Noto Emoji has every emoji in one colour. Both may be embedded. */
const FILES: Readonly<Record<FontName, string>> = {
  text: "dejavu-fonts-ttf/ttf/DejaVuSans.ttf",
  bold: "dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf",
  emoji: "@expo-google-fonts/noto-emoji/400Regular/NotoEmoji_400Regular.ttf",
};
export const FONT_NAMES = Object.keys(FILES) as FontName[];

interface Loaded {
  readonly bytes: Buffer;
  readonly font: Font;
}

const resolve = createRequire(import.meta.url).resolve;
const loaded = new Map<FontName, Loaded>();

/** The bytes of a font, for embedding; read once. */
export function fontBytes(name: FontName): Buffer {
  return load(name).bytes;
}

/** Whether the font can draw every character of a text. */
export function draws(name: FontName, text: string): boolean {
  const { font } = load(name);
  return Array.from(text).every((character) => font.hasGlyphForCodePoint(character.codePointAt(0) ?? 0));
}

function load(name: FontName): Loaded {
  const known = loaded.get(name);
  if (known) return known;
  const bytes = readFileSync(resolve(FILES[name]));
  const font = create(bytes) as Font;
  const one = { bytes, font };
  loaded.set(name, one);
  return one;
}
