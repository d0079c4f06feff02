import { expect, test } from "@jest/globals";
import { insecureMember, plainHttp } from "#src/wire/http/plain.ts";

const WHY = "only the integration network reaches it";

test.each([
  "http://kis.example/fhir",
  "http://10.0.0.7:8080/fhir",
  "http://[fd00::7]/fhir",
  "http://localhost.example/fhir",
  "http://127.0.0.1.example/",
])("plain HTTP to another machine is refused, unless somebody says why: %s", (url) => {
  expect(plainHttp(url, undefined)).toMatch(/insecure: <reason>/);
  expect(plainHttp(url, WHY)).toBeUndefined();
});

test.each([
  "no address",
  "https://kis.example/fhir",
  "http://127.0.0.1:8080/fhir",
  "http://localhost/fhir",
  "http://[::1]:1/",
])("nothing is wrong with %s", (url) => expect(plainHttp(url, undefined)).toBeUndefined());

test("a reason is a few words; an empty variable is none", () => {
  expect(insecureMember.safeParse("yes").success).toBe(false);
  expect(insecureMember.parse("")).toBeUndefined();
  expect(insecureMember.parse(WHY)).toBe(WHY);
});
