/**
 * Numbers that messengers and the rest of the world write differently: Mexico keeps an old "1" after 52, and Argentina's
 * mobiles carry a 9 after 54, in WhatsApp ids; Brazil's mobiles got a 9 before their eight digits, which began with 6 to 9,
 * that ids of old accounts lack. A Brazilian mobile that had no eight digits before would be a landline without its 9.
 */
const SAME_NUMBER: readonly [RegExp, string][] = [
  [/^521(\d{10})$/, "52$1"],
  [/^549(\d{10})$/, "54$1"],
  [/^(55\d{2})9([6-9]\d{7})$/, "$1$2"],
];

/** As above, but for every Brazilian mobile: the form under which keyed hashes are stored since they are. */
const ONE_BUCKET: readonly [RegExp, string][] = [...SAME_NUMBER, [/^(55\d{2})9(\d{8})$/, "$1$2"]];

/** E.164 digits without "+", in the one form by which numbers are compared. */
export function comparablePhone(digits: string): string {
  return written(digits, SAME_NUMBER);
}

/** Whether two numbers, as E.164 digits without "+", are one. */
export function isSamePhone(one: string, other: string): boolean {
  return comparablePhone(one) === comparablePhone(other);
}

/**
 * The form whose keyed hash finds a number. Equal numbers have the same; two that have the same may still be different
 * (`isSamePhone` tells). It never changes, or no stored hash would be found any more.
 */
export function phoneBucket(digits: string): string {
  return written(digits, ONE_BUCKET);
}

/** What people put between the digits of a number, and what copying adds. */
const WRITTEN_PHONE = /^\+?[\d\s().\-/]+$/u;

/** The digits of a number as a machine may write it: with "+", "00" or blanks; undefined where it is no number. */
export function phoneDigits(text: string): string | undefined {
  const visible = text.replace(/\p{Cf}/gu, "").trim();
  if (!WRITTEN_PHONE.test(visible)) return undefined;
  const digits = visible.replaceAll(/\D/g, "").replace(/^00/, "");
  return /^\d{5,20}$/.test(digits) ? digits : undefined;
}

function written(digits: string, rules: readonly [RegExp, string][]): string {
  const rule = rules.find(([pattern]) => pattern.test(digits));
  return rule ? digits.replace(rule[0], rule[1]) : digits;
}
