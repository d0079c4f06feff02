import { computed } from "@preact/signals";
import { place } from "../router.ts";
import { de } from "./de.ts";
import { en, type Words } from "./en.ts";

export type { Words };
export const LANGUAGES = ["de", "en"] as const;

/** What the address asks for; else what the document was served in, which follows the browser. */
export const language = computed(() => {
  const asked = place.value.query.get("lang") ?? document.documentElement.lang;
  return asked === "de" ? "de" : "en";
});

export const words = computed<Words>(() => (language.value === "de" ? de : en));
