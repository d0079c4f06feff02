import type { Language } from "#src/message/language.ts";
import { de } from "./de.ts";
import { en } from "./en.ts";
import type { Words } from "./words.ts";

const WORDS: Readonly<Record<Language, Words>> = { de, en };

/** The sentences of a language; what was routed before channels had one is German. */
export function wordsIn(language: Language = "de"): Words {
  return WORDS[language];
}
