import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { canonicalJson, signDetached, verifyDetached } from "#src/seal/signature.ts";
import { keyringIn, temporaryDirectory } from "./temporary.ts";

describe("canonical JSON", () => {
  test("sorts by UTF-16 code units and writes numbers as RFC 8785 does", () => {
    // The examples of RFC 8785 §3.2.2 and §3.2.3.
    const written =
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"literals":[null,true]}';
    expect(canonicalJson(JSON.parse(written))).toBe(
      '{"literals":[null,true],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}',
    );
    const sorted = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\ud83d\ude00", "\ufb33"];
    const members = Object.fromEntries(sorted.toReversed().map((name) => [name, 0]));
    expect(canonicalJson(members)).toBe(`{${sorted.map((name) => `${JSON.stringify(name)}:0`).join(",")}}`);
    expect(canonicalJson({ 10: "a", 9: "b" })).toBe('{"10":"a","9":"b"}');
  });

  test("says what JSON says, and the same whatever the order of members", () => {
    const shuffled = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffled);
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([name, member]) => [name, shuffled(member)]),
      );
    };
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(shuffled(value))).toBe(text);
      }),
    );
    expect(canonicalJson({ at: new Date(0), none: undefined })).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
  });
});

describe("a detached signature", () => {
  test("fits its bytes and its key, and no others", () => {
    using here = temporaryDirectory();
    using there = temporaryDirectory();
    const [keyring, other] = [keyringIn(here.path), keyringIn(there.path)];
    const { publicKey } = keyring.signingKey();
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(), fc.nat(63), (bytes, at, byte) => {
        const signature = signDetached(keyring, bytes);
        expect(signature).toHaveLength(64);
        expect(verifyDetached(publicKey, bytes, signature)).toBe(true);
        const altered = Buffer.from(bytes);
        altered[at % bytes.length] = altered[at % bytes.length]! ^ 1;
        expect(verifyDetached(publicKey, altered, signature)).toBe(false);
        signature[byte] = signature[byte]! ^ 1;
        expect(verifyDetached(publicKey, bytes, signature)).toBe(false);
      }),
      { numRuns: 30 },
    );
    expect(verifyDetached(publicKey, Buffer.from("x"), signDetached(other, Buffer.from("x")))).toBe(false);
  });
});
