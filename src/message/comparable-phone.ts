/**
 * Numbers that WhatsApp and the rest of the world write differently: Mexico keeps an old "1" after 52, and Argentina's
 * mobiles carry a 9 after 54, in WhatsApp ids; Brazil's mobiles got a 9 before their eight digits that WhatsApp ids of
 * old accounts lack. Compared without it.
 */
const SAME_NUMBER: readonly [RegExp, string][] = [
  [/^521(\d{10})$/, "52$1"],
  [/^549(\d{10})$/, "54$1"],
  [/^(55\d{2})9(\d{8})$/, "$1$2"],
];

/** E.164 digits without "+", in the one form by which numbers are compared. */
export function comparablePhone(digits: string): string {
  const rule = SAME_NUMBER.find(([pattern]) => pattern.test(digits));
  return rule ? digits.replace(rule[0], rule[1]) : digits;
}
