/** FHIR strings hold no control characters but tab, CR and LF (R4 datatypes, string), and no lone surrogates (not UTF-8). */
const FORBIDDEN = /[^\P{Cc}\t\r\n\u0080-\u009f]/gu;
const REPLACEMENT = "\uFFFD";

/** The text as FHIR can hold it: forbidden characters become U+FFFD, nothing is left out. */
export function fhirString(text: string): string {
  const clean = text.toWellFormed().replace(FORBIDDEN, REPLACEMENT);
  // A string must not be empty or only white space; what the patient sent was just that.
  return clean.trim() === "" ? `${clean}${REPLACEMENT}` : clean;
}
