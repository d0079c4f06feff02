import { createHmac } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Secret } from "#src/message/secret.ts";
import { metaWebhook } from "#src/sources/whatsapp/meta.ts";
import { sign } from "#src/simulators/whatsapp-cloud/payload.ts";

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

  test("one flipped bit anywhere in any body is refused", () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.nat(),
        fc.nat(7),
        fc.constantFrom("current", "previous"),
        (payload, at, bit, secret) => {
          const { body, headers } = sign({ payload, text: "ä/ö 👍" }, secret);
          const forged = Buffer.from(body);
          forged[at % forged.length]! ^= 1 << bit;
          expect(hook.authenticate(request(forged, headers["x-hub-signature-256"]))).toBe(false);
        },
      ),
    );
  });

  test("a byte added, dropped or moved anywhere is refused", () => {
    const { body, headers } = sign({ text: "Guten Tag, Herr Müller / Frau Meier" }, "current");
    const signature = headers["x-hub-signature-256"];
    fc.assert(
      fc.property(fc.nat(body.length - 2), fc.nat(255), (at, byte) => {
        const added = Buffer.concat([body.subarray(0, at), Buffer.from([byte]), body.subarray(at)]);
        const dropped = Buffer.concat([body.subarray(0, at), body.subarray(at + 1)]);
        for (const forged of [added, dropped, body.subarray(0, at), Buffer.alloc(0)]) {
          expect(hook.authenticate(request(forged, signature))).toBe(false);
        }
      }),
    );
  });

  test("the bytes count, not what they mean: each way to write one payload has its own signature", () => {
    // The wire forms Meta's own texts show: `\/`, `\u00e4`, and in older ones `\u003C`, `\u0025`, `\u0040`.
    const forms = [
      '{"body":"ä/<50%>@👍"}',
      String.raw`{"body":"\u00e4\/<50%>@\ud83d\udc4d"}`,
      String.raw`{"body":"\u00e4\/\u003C50\u0025>\u0040\ud83d\udc4d"}`,
      String.raw`{ "body" : "\u00E4/<50%>@\uD83D\uDC4D" }`,
    ].map((form) => Buffer.from(form));
    expect(new Set(forms.map((form) => JSON.stringify(JSON.parse(form.toString())))).size).toBe(1);
    const signatures = forms.map((form) => `sha256=${createHmac("sha256", "current").update(form).digest("hex")}`);
    for (const [which, form] of forms.entries()) {
      const believed = signatures.map((signature) => hook.authenticate(request(form, signature)));
      expect(believed).toEqual(forms.map((_, other) => other === which));
    }
  });

  test("no header that is not exactly Meta's form is believed", () => {
    const { body, headers } = sign({ text: "Guten Tag" }, "current");
    const good = headers["x-hub-signature-256"]!;
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^(sha256=|sha1=)?[0-9a-fA-F]{0,70}$/)),
        (junk) => {
          fc.pre(junk !== good);
          for (const header of [junk, good + junk, junk + good, [good, junk]]) {
            if (header !== good) expect(hook.authenticate(request(body, header))).toBe(false);
          }
        },
      ),
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
