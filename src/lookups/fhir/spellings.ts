import { parsePhoneNumberFromString, type CountryCode } from "libphonenumber-js";

/** A URL or a form of so many spellings is below 8 KB, which every server takes. */
export const PER_SEARCH = 150;

/** Between country code, area and subscriber. */
const GAPS = ["", " ", "/", "-", " / ", " - ", "/ ", "."];
const USUAL_GAPS = [" ", "/", "-"];

/**
 * The ways a KIS may hold the number, the usual ones first. A FHIR server compares `phone` as text, and people write
 * "0152/33342006", "+49 (0) 152 333 42 006" and "(0152) 33342006": area codes with and without brackets and trunk zero, in the
 * groups that are usual, with the separators that are usual.
 */
export function writtenAs(phone: string, country: CountryCode): readonly string[] {
  const parsed = parsePhoneNumberFromString(`+${phone}`);
  const all = new Set([`+${phone}`, `00${phone}`, phone]);
  if (!parsed) return [...all];
  const code = parsed.countryCallingCode;
  const { nationalNumber } = parsed;
  all.add(parsed.formatInternational()).add(parsed.formatInternational().replace("+", "00"));
  const isHere = parsed.country === country;
  const digits = parsed.formatNational().replace(/\D/g, "");
  if (isHere) all.add(parsed.formatNational()).add(digits);
  // The trunk prefix: "0" in Germany, none in Spain.
  const trunk = digits.endsWith(nationalNumber) ? digits.slice(0, -nationalNumber.length) : "";
  for (const area of areasOf(parsed.formatInternational(), nationalNumber, parsed.country)) {
    const rest = nationalNumber.slice(area.length);
    const heads = headsOf(code, trunk, area, isHere);
    for (const head of heads) for (const gap of GAPS) all.add(`${head}${gap}${rest}`);
    const usual = heads.slice(0, isHere ? 5 : 2);
    for (const groups of groupings(rest))
      for (const head of usual) for (const gap of USUAL_GAPS) all.add(`${head}${gap}${groups}`);
  }
  return [...all];
}

/** "0152", "+49 152", "+49 (0) 152", …; the usual ones first. */
function headsOf(code: string, trunk: string, area: string, isHere: boolean): string[] {
  const abroad = [`+${code} ${area}`, `00${code} ${area}`];
  const mixed = trunk === "" ? [] : [`+${code} (${trunk})${area}`, `+${code} (${trunk}) ${area}`];
  const rarely = [`+${code}${area}`, `00${code}${area}`, `+${code}-${area}`, `+${code}/${area}`, `+${code} (${area})`];
  if (trunk !== "") rarely.push(`+${code}(${trunk})${area}`, `+${code} ${trunk}${area}`);
  const here = isHere ? [`${trunk}${area}`] : [];
  return [...here, ...abroad, ...mixed, ...rarely, ...(isHere ? [`(${trunk}${area})`] : [])];
}

/** The area code as the numbering plan has it; German mobile numbers are mostly written with three digits of it. */
function areasOf(international: string, nationalNumber: string, country: CountryCode | undefined): Set<string> {
  const planned = international.split(" ")[1]?.replace(/\D/g, "") ?? "";
  const areas = new Set(planned !== "" && planned.length < nationalNumber.length ? [planned] : []);
  if (country === "DE" && /^1[567]/.test(nationalNumber)) areas.add(nationalNumber.slice(0, 3));
  return areas;
}

/** "33 34 20 06", "333 420 06", "3334 2006", "333 42 006", …; not the whole. */
function groupings(digits: string): Set<string> {
  const from = (size: number, start: number) => {
    const groups = start === 0 ? [] : [digits.slice(0, start)];
    for (let at = start; at < digits.length; at += size) groups.push(digits.slice(at, at + size));
    return groups.join(" ");
  };
  const cut = (...sizes: number[]) => {
    let at = 0;
    const groups = sizes.map((size) => digits.slice(at, (at += size)));
    return [...groups, digits.slice(at)].filter((group) => group !== "").join(" ");
  };
  const half = Math.ceil(digits.length / 2);
  const all = [
    from(2, 0),
    from(2, digits.length % 2),
    from(3, 0),
    from(3, digits.length % 3),
    cut(half),
    cut(3),
    cut(4),
  ];
  all.push(cut(3, 2), cut(2, 3), cut(digits.length - 4), cut(digits.length - 3));
  return new Set(all.filter((one) => one !== digits));
}
