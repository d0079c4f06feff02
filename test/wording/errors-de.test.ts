import { describe, expect, test } from "@jest/globals";
import { ERRORS } from "#src/message/error-code.ts";
import { GERMAN_ERRORS } from "#src/wording/errors-de.ts";

describe("every error code", () => {
  test.each(Object.keys(ERRORS) as (keyof typeof ERRORS)[])(
    "%s says in German what it means and what to do",
    (code) => {
      const [meaning, remedy] = GERMAN_ERRORS[code];
      for (const sentence of [meaning, remedy]) expect(sentence).toMatch(/^[\p{Lu}\d`„].*[.?!]$/u);
      expect([meaning, remedy]).not.toEqual([ERRORS[code].meaning, ERRORS[code].remedy]);
      // What is typed stays what it is called: settings, fields, addresses.
      const typed = (text: string) => text.match(/`[^`]+`/g) ?? [];
      expect(typed(remedy)).toEqual(typed(ERRORS[code].remedy));
    },
  );
});
