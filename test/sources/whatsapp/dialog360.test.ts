import { createHash, randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { startWhatsappCloud } from "#src/simulators/whatsapp-cloud/server.ts";
import type { WhatsappCloud } from "#src/simulators/whatsapp-cloud/server.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { Secret } from "#src/message/secret.ts";
import type { Source } from "#src/sources/source.ts";
import { dialog360Webhook } from "#src/sources/whatsapp/dialog360.ts";
import { whatsappSource } from "#src/sources/whatsapp/source.ts";

const image = randomBytes(100_000);
const hex = createHash("sha256").update(image).digest("hex");
const never = new AbortController().signal;
const base = { type: "whatsapp", provider: "360dialog", phone_number_id: "106540352242922", access_token: "the-key" };

let cloud: WhatsappCloud;
let mediaId: string;

function open(extra: object = {}): Source {
  const config = whatsappSource.config.parse({ ...base, webhook_token: "t", graph_url: cloud.url, ...extra });
  return whatsappSource.open(config, {
    channel: "test",
    log: () => undefined,
    count: () => undefined,
    gauge: () => undefined,
  });
}

async function codeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return "fine";
  } catch (error) {
    return error instanceof BotenstoffError ? error.code : String(error);
  }
}

beforeAll(async () => {
  cloud = await startWhatsappCloud({
    host: "127.0.0.1",
    port: 0,
    provider: "360dialog",
    appSecret: "platform-secret",
    accessToken: "the-key",
    phoneNumberId: "106540352242922",
    webhookToken: "t",
  });
  mediaId = cloud.addMedia(image, "image/jpeg").id;
});
afterAll(() => cloud.close());

describe("a channel whose provider is 360dialog", () => {
  test("fetches an attachment with the API key, from 360dialog's host although Meta's address is handed out", async () => {
    await using source = disposable(open());
    const fetched = await source.fetch!({ mediaId }, never);
    expect(
      createHash("sha256")
        .update(await buffer(fetched.body))
        .digest("hex"),
    ).toBe(hex);
    expect(fetched.announcedSha256).toBe(hex);
    expect(cloud.requests.slice(-2)).toEqual([
      { method: "GET", path: `/${mediaId}`, authorized: true },
      { method: "GET", path: "/whatsapp_business/attachments/", authorized: true },
    ]);
  });

  test("never carries its key to a host it does not name", async () => {
    await using source = disposable(open());
    const before = cloud.requests.length;
    cloud.behave([
      { on: "lookup", announce: { url: "https://lookaside.fbsbx.com.evil.test/whatsapp_business/?mid=1" } },
    ]);
    expect(await codeOf(() => source.fetch!({ mediaId }, never))).toBe("MEDIA_HOST_REFUSED");
    expect(cloud.requests).toHaveLength(before + 1);
  });

  test("believes that an attachment is gone only while its key is good", async () => {
    await using source = disposable(open());
    expect(await codeOf(() => source.fetch!({ mediaId: "1" }, never))).toBe("MEDIA_GONE");
    await using stale = disposable(open({ access_token: "an old key" }));
    expect(await codeOf(() => stale.fetch!({ mediaId }, never))).toBe("MEDIA_UNAUTHORIZED");
  });

  test("is checked by what its key can read", async () => {
    await using source = disposable(open());
    expect(await codeOf(() => source.check(never))).toBe("fine");
    await using stale = disposable(open({ access_token: "an old key" }));
    expect(await codeOf(() => stale.check(never))).toBe("MEDIA_UNAUTHORIZED");
  });

  test("cuts a body as it would Meta's", async () => {
    await using source = disposable(open());
    const { body } = cloud.signedBody(cloud.textBody({ from: "4915112345678", body: "Grüß Gott" }));
    expect(source.split({ raw: body, receivedAt: "2026-11-24T10:00:00.000Z" }).messages).toMatchObject([
      { content: { kind: "text", text: "Grüß Gott" }, sender: { phone: "4915112345678" } },
    ]);
  });

  test("answers no handshake", async () => {
    await using source = disposable(open({ verify_token: "v" }));
    const query = new URLSearchParams({ "hub.mode": "subscribe", "hub.verify_token": "v", "hub.challenge": "1" });
    expect(source.webhook!.challenge(query)).toBeUndefined();
  });
});

describe("the proof of a webhook at 360dialog", () => {
  const headers = (extra: Record<string, string | string[] | undefined>) => extra;
  const proven = (proofs: { tokens?: string[]; secrets?: string[] }, sent: object, raw: Buffer = Buffer.from("{}")) =>
    dialog360Webhook({
      header: "x-webhook-token",
      tokens: (proofs.tokens ?? []).map((one) => new Secret(one)),
      platformSecrets: (proofs.secrets ?? []).map((one) => new Secret(one)),
    }).authenticate({ raw, query: new URLSearchParams(), headers: headers({ ...sent }) });

  test("is the token in the header that was set with the address, the previous one included", () => {
    expect(proven({ tokens: ["new", "old"] }, { "x-webhook-token": "new" })).toBe(true);
    expect(proven({ tokens: ["new", "old"] }, { "x-webhook-token": "old" })).toBe(true);
    for (const wrong of ["", "ne", "neww", "NEW", "new,old", undefined, ["new"]]) {
      expect(proven({ tokens: ["new", "old"] }, { "x-webhook-token": wrong })).toBe(false);
    }
  });

  test("is the signature with the platform secret, whatever was said", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (payload) => {
        const { body, headers: sent } = cloud.signedBody({ payload, text: "ä/ö 👍 %@" });
        expect(proven({ secrets: ["platform-secret"] }, sent, body)).toBe(true);
        expect(proven({ secrets: ["other"] }, sent, body)).toBe(false);
      }),
    );
  });

  test("fails for any flipped bit of the body, where the channel asks for the signature", () => {
    const { body, headers: sent } = cloud.signedBody({ text: "Guten Tag" });
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.nat(7), (at, bit) => {
        const forged = Buffer.from(body);
        forged[at]! ^= 1 << bit;
        expect(proven({ secrets: ["platform-secret"] }, sent, forged)).toBe(false);
      }),
    );
  });

  test("is both where the channel has both, and nothing proves anything where it has neither", () => {
    const { body, headers: sent } = cloud.signedBody({ text: "Guten Tag" });
    const { "x-webhook-token": _token, ...withoutToken } = sent;
    const both = { tokens: ["t"], secrets: ["platform-secret"] };
    expect(proven(both, sent, body)).toBe(true);
    expect(proven(both, withoutToken, body)).toBe(false);
    expect(proven(both, { "x-webhook-token": "t" }, body)).toBe(false);
    expect(proven({}, sent, body)).toBe(false);
  });
});

describe("the settings of a provider", () => {
  const problems = (config: object) =>
    (whatsappSource.config.safeParse(config).error?.issues ?? []).map(({ path }) => path.join("."));

  test("360dialog needs a token or a platform secret; an empty variable is none", () => {
    expect(problems(base)).toEqual(["webhook_token"]);
    expect(problems({ ...base, webhook_token: "", app_secret: "" })).toEqual(["webhook_token"]);
    expect(problems({ ...base, app_secret: "s" })).toEqual([]);
    expect(problems({ ...base, webhook_token: "t" })).toEqual([]);
  });

  test("Meta needs the app secret and the verify token", () => {
    expect(problems({ ...base, provider: "meta" })).toEqual(["app_secret", "verify_token"]);
    expect(problems({ ...base, provider: "", app_secret: "s", verify_token: "v" })).toEqual([]);
  });

  test("a provider nobody knows is refused", () => {
    expect(problems({ ...base, provider: "twilio", webhook_token: "t" })).toEqual(["provider"]);
  });
});

function disposable(source: Source): Source & AsyncDisposable {
  return { ...source, [Symbol.asyncDispose]: () => source.close() };
}
