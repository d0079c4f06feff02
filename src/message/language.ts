/** The languages in which patients and clinicians can be told something. */
export const LANGUAGES = ["de", "en"] as const;

export type Language = (typeof LANGUAGES)[number];
