import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Secret } from "#src/message/secret.ts";
import { metaWebhook } from "#src/sources/whatsapp/meta.ts";
import { sign } from "#src/demo/whatsapp-cloud-payload.ts";

const hook = metaWebhook(new Secret("verify-me"), [new Secret("current"), new Secret("previous")]);
const request = (raw: Buffer, signature: string | readonly string[] | undefined) => ({
  raw,
  query: new URLSearchParams(),
  headers: { "x-hub-signature-256": signature },
});

describe("X-Hub-Signature-256", () => {
  test("any payload Meta signs is believed, umlauts, slashes and emoji included", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom("current", "previous"), (payload, secret) => {
        const { body, headers } = sign({ payload, text: "ä/ö <ü> 👍 %@" }, secret);
        expect(body.toString("ascii")).toContain("\\u00e4\\/\\u00f6");
        expect(hook.authenticate(request(body, headers["x-hub-signature-256"]))).toBe(true);
      }),
    );
  });

  test("one flipped bit anywhere in the body is refused", () => {
    const { body, headers } = sign({ text: "Guten Tag" }, "current");
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.nat(7), (at, bit) => {
        const forged = Buffer.from(body);
        forged[at]! ^= 1 << bit;
        expect(hook.authenticate(request(forged, headers["x-hub-signature-256"]))).toBe(false);
      }),
    );
  });

  test("one changed digit of the signature is refused", () => {
    const { body, headers } = sign({ text: "Guten Tag" }, "current");
    const good = headers["x-hub-signature-256"]!;
    for (let at = 0; at < good.length; at++) {
      const forged = good.slice(0, at) + (good[at] === "0" ? "1" : "0") + good.slice(at + 1);
      expect(hook.authenticate(request(body, forged))).toBe(false);
    }
  });

  test("a signature under another secret, in capitals, doubled, padded or missing is refused", () => {
    const { body, headers } = sign({ text: "Guten Tag" }, "current");
    const good = headers["x-hub-signature-256"]!;
    const stranger = sign({ text: "Guten Tag" }, "stranger").headers["x-hub-signature-256"];
    for (const forged of [
      stranger,
      good.toUpperCase(),
      `${good}, ${good}`,
      `${good}\n`,
      good.slice(7),
      "",
      undefined,
      [good],
    ]) {
      expect(hook.authenticate(request(body, forged))).toBe(false);
    }
  });
});

describe("the subscription handshake", () => {
  const query = (mode: string, token: string, challenge?: string) =>
    new URLSearchParams({
      "hub.mode": mode,
      "hub.verify_token": token,
      ...(challenge && { "hub.challenge": challenge }),
    });

  test("the challenge is echoed to whoever knows the token", () => {
    expect(hook.challenge(query("subscribe", "verify-me", "1158201444"))).toBe("1158201444");
  });

  test("a wrong token, another mode or a missing part is refused", () => {
    for (const wrong of [
      query("subscribe", "verify-m", "1"),
      query("subscribe", "verify-mee", "1"),
      query("subscribe", "", "1"),
      query("unsubscribe", "verify-me", "1"),
      query("subscribe", "verify-me"),
      new URLSearchParams(),
    ]) {
      expect(hook.challenge(wrong)).toBeUndefined();
    }
  });
});
