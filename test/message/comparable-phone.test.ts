import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { getCountries, getExampleNumber } from "libphonenumber-js";
import mobiles from "libphonenumber-js/mobile/examples";
import { comparablePhone, isSamePhone, phoneBucket, phoneDigits } from "#src/message/comparable-phone.ts";
import { phoneNumberOf, phoneNumbersIn } from "#src/message/phone-number.ts";

const examples = getCountries().flatMap((country) => getExampleNumber(country, mobiles) ?? []);

/** The digits under which a messenger may know a number, beside those of E.164. */
function idsOf(digits: string): string[] {
  return [
    digits,
    digits.replace(/^52(\d{10})$/, "521$1"),
    digits.replace(/^54(?!9)(\d{10})$/, "549$1"),
    digits.replace(/^549(\d{10})$/, "54$1"),
    digits.replace(/^(55\d{2})9([6-9]\d{7})$/, "$1$2"),
  ];
}

describe("one number in many spellings", () => {
  test.each(examples.map((example) => [example.country ?? "", example] as const))(
    "of %s is the same in the KIS and at the messenger",
    (country, example) => {
      const digits = example.number.slice(1);
      const parts = { countryCode: example.countryCallingCode, national: example.nationalNumber };
      const written = [
        ...[example.number, example.formatInternational(), example.getURI()].map((text) => text.replace(/^tel:/, "")),
        `00${digits}`,
        example.number.replace(/(\d{3})$/, " $1"),
        `+${example.countryCallingCode}/${example.nationalNumber}`,
      ].flatMap((text) => phoneNumbersIn(text, "DE"));
      const kis = [...written, phoneNumberOf(parts, "DE") ?? ""];
      expect(kis).toHaveLength(7);
      for (const stored of kis.flatMap(idsOf)) {
        for (const id of idsOf(digits)) expect([stored, id, isSamePhone(stored, id)]).toEqual([stored, id, true]);
        expect(phoneBucket(stored)).toBe(phoneBucket(digits));
      }
      expect(phoneNumbersIn(example.formatNational(), country as "DE").every((one) => isSamePhone(one, digits))).toBe(
        true,
      );
    },
  );

  test.each([
    ["39", "061234567"],
    ["39", "61234567"],
    ["0039", "0061234567"],
  ])("of Italy keeps its zero, in parts %s/%s", (countryCode, national) => {
    expect(phoneNumberOf({ countryCode, national }, "DE")).toBe("39061234567");
  });

  test.each([
    ["+39 (0)6 1234567", "39061234567"],
    ["0039 06 1234567", "39061234567"],
    ["+39 (0)331 1234567", "393311234567"],
    ["+49 (0)151 12345678", "4915112345678"],
    ["+52 1 55 1234 5678", "525512345678"],
    ["+54 11 15 2345 6789", "5491123456789"],
  ])("%s is %s", (text, digits) => {
    expect(phoneNumbersIn(text, "DE")).toEqual([digits]);
  });

  test.each([
    "+4915112345678",
    "004915112345678",
    "+49 151 1234-5678",
    "\u202a+49 151 12345678\u202c",
    "4915112345678",
  ])("%s is one that a machine wrote", (text) => {
    expect(phoneDigits(text)).toBe("4915112345678");
  });

  test.each(["DE.13491208655302741918", "", "1234", "4915112345678x", "ff4915112345678"])("%j is none", (text) => {
    expect(phoneDigits(text)).toBeUndefined();
  });
});

describe("different numbers", () => {
  test("of all countries differ", () => {
    const all = new Set(examples.map(({ number }) => number));
    expect(new Set([...all].map((number) => comparablePhone(number.slice(1)))).size).toBe(all.size);
  });

  test("differ wherever a digit of theirs does", () => {
    const one = fc.constantFrom(...examples.map(({ number }) => number.slice(1)));
    fc.assert(
      fc.property(one, fc.nat(6), fc.integer({ min: 1, max: 9 }), (digits, back, by) => {
        const at = digits.length - 1 - back;
        const other = digits.slice(0, at) + String((Number(digits[at]) + by) % 10) + digits.slice(at + 1);
        expect(isSamePhone(digits, other)).toBe(false);
      }),
    );
  });

  test("differ where a Brazilian mobile without its 9 would be a landline", () => {
    expect(isSamePhone("5511923456789", "551123456789")).toBe(false);
    expect(isSamePhone("5511961234567", "551161234567")).toBe(true);
  });
});
