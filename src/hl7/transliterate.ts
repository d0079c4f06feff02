/** What people write in place of a character their set does not hold. */
const SPELLINGS: Readonly<Record<string, string>> = {
  ...{ "„": '"', "“": '"', "”": '"', "«": '"', "»": '"', "‚": "'", "‘": "'", "’": "'", "‹": "'", "›": "'" },
  ...{
    "–": "-",
    "—": "-",
    "‑": "-",
    "−": "-",
    "…": "...",
    "•": "*",
    "€": "EUR",
    "™": "(TM)",
    "\u202f": " ",
    "\u2009": " ",
  },
  ...{ "→": "->", "←": "<-", "⇒": "=>", "≤": "<=", "≥": ">=", "≈": "~", "×": "x", ẞ: "SS", ł: "l", Ł: "L" },
  ...{ đ: "d", Đ: "D", ı: "i", œ: "oe", Œ: "OE", æ: "ae", Æ: "AE", ø: "o", Ø: "O" },
};
const MARKS = /\p{M}+/gu;

/** A spelling of one character in plainer ones; undefined where nobody would read it as the same. */
export function transliterated(character: string): string | undefined {
  const known = SPELLINGS[character];
  if (known !== undefined) return known;
  const bare = character.normalize("NFKD").replaceAll(MARKS, "");
  return bare !== "" && bare !== character && /^[\x20-\x7e]+$/.test(bare) ? bare : undefined;
}
