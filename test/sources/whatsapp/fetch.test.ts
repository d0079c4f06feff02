import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { Source } from "#src/sources/source.ts";
import { whatsappSource } from "#src/sources/whatsapp/source.ts";
import { startWhatsappCloud } from "#src/simulators/whatsapp-cloud/server.ts";
import type { WhatsappCloud } from "#src/simulators/whatsapp-cloud/server.ts";

const TOKEN = "the-access-token";
const image = randomBytes(300_000);
const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
const hex = sha256(image);
const never = new AbortController().signal;

let cloud: WhatsappCloud;
let stranger: Server;
let strangerSaw: IncomingMessage["headers"][];
let source: Source;
let mediaId: string;

function open(extra: object = {}): Source {
  const config = {
    type: "whatsapp",
    phone_number_id: "106540352242922",
    app_secret: "s",
    verify_token: "v",
    access_token: TOKEN,
    graph_url: cloud.url,
    fetch_timeout_secs: 0.4,
    ...extra,
  };
  return whatsappSource.open(whatsappSource.config.parse(config), {
    channel: "test",
    log: () => undefined,
    count: () => undefined,
    gauge: () => undefined,
  });
}

/** The digest of the bytes, or the code of what went wrong, be it before the stream or in it. */
async function outcome(from: Source = source, id = mediaId, signal = never): Promise<string> {
  try {
    return sha256(await buffer((await from.fetch!({ mediaId: id }, signal)).body));
  } catch (error) {
    return error instanceof BotenstoffError ? error.code : `unnamed: ${String(error)}`;
  }
}

const strangerUrl = () => `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`;

beforeAll(async () => {
  cloud = await startWhatsappCloud({
    host: "127.0.0.1",
    port: 0,
    appSecret: "s",
    accessToken: TOKEN,
    phoneNumberId: "106540352242922",
  });
  mediaId = cloud.addMedia(image, "image/jpeg").id;
  stranger = createServer((request, response) => {
    strangerSaw.push(request.headers);
    response.writeHead(200, { "content-type": "image/jpeg" }).end(image);
  });
  await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
  source = open();
});

beforeEach(() => {
  strangerSaw = [];
  cloud.behave([]);
});

afterAll(async () => {
  await source.close();
  await cloud.close();
  stranger.closeAllConnections();
  await new Promise((resolve) => stranger.close(resolve));
});

describe("fetching an attachment", () => {
  test("gives its bytes, its announced type and its announced digest", async () => {
    const fetched = await source.fetch!({ mediaId }, never);
    expect(fetched).toMatchObject({ declaredType: "image/jpeg", announcedSha256: hex });
    expect(sha256(await buffer(fetched.body))).toBe(hex);
  });

  test("works with a graph_url that names its version already", async () => {
    const versioned = open({ graph_url: `${cloud.url}/v26.0/` });
    expect(await outcome(versioned)).toBe(hex);
    await versioned.close();
  });

  test.each([
    ["401 at the look-up", { on: "lookup", status: 401 }, "MEDIA_UNAUTHORIZED"],
    ["403 at the look-up", { on: "lookup", status: 403 }, "MEDIA_UNAUTHORIZED"],
    ["an expired token told with 400", { on: "lookup", status: 400, error: { code: 190 } }, "MEDIA_UNAUTHORIZED"],
    ["404 at the look-up", { on: "lookup", status: 404 }, "MEDIA_GONE"],
    ["410 at the look-up", { on: "lookup", status: 410 }, "MEDIA_GONE"],
    ["a busy Graph API told with 400", { on: "lookup", status: 400, error: { code: 130429 } }, "MEDIA_UNAVAILABLE"],
    ["429 at the look-up", { on: "lookup", status: 429 }, "MEDIA_UNAVAILABLE"],
    ["500 at the look-up", { on: "lookup", status: 500 }, "MEDIA_UNAVAILABLE"],
    ["a reset at the look-up", { on: "lookup", fault: "reset" }, "MEDIA_UNAVAILABLE"],
    ["a slow look-up", { on: "lookup", delayMs: 1_500 }, "MEDIA_UNAVAILABLE"],
    ["an answer without an address", { on: "lookup", announce: { url: null } }, "MEDIA_UNAVAILABLE"],
    ["an announced size beyond the limit", { on: "lookup", announce: { file_size: "104857601" } }, "MEDIA_TOO_LARGE"],
    ["401 at the download", { on: "download", status: 401 }, "MEDIA_UNAUTHORIZED"],
    ["429 at the download", { on: "download", status: 429 }, "MEDIA_UNAVAILABLE"],
    ["503 at the download", { on: "download", status: 503 }, "MEDIA_UNAVAILABLE"],
    ["a reset at the download", { on: "download", fault: "reset" }, "MEDIA_UNAVAILABLE"],
    ["a slow download", { on: "download", delayMs: 1_500 }, "MEDIA_UNAVAILABLE"],
    ["a download that stalls half-way", { on: "download", fault: "stall" }, "MEDIA_UNAVAILABLE"],
    ["a truncated download", { on: "download", fault: "truncated" }, "MEDIA_UNAVAILABLE"],
    ["a truncated download of unknown length", { on: "download", fault: "truncated-chunked" }, "MEDIA_UNAVAILABLE"],
    ["a length above the truth", { on: "download", contentLength: 300_001 }, "MEDIA_UNAVAILABLE"],
    ["a length beyond the limit", { on: "download", contentLength: 104_857_601 }, "MEDIA_TOO_LARGE"],
    ["a redirect to no address", { on: "download", redirectTo: "http://" }, "MEDIA_HOST_REFUSED"],
  ] as const)("%s is named by its code, and the next try succeeds", async (_, behaviour, code) => {
    cloud.behave([behaviour]);
    expect(await outcome()).toBe(code);
    expect(await outcome()).toBe(hex);
  });

  test("wrong bytes come with the announced digest, for the engine to compare", async () => {
    cloud.behave([{ on: "download", fault: "wrong-bytes" }]);
    const fetched = await source.fetch!({ mediaId }, never);
    expect(sha256(await buffer(fetched.body))).not.toBe(fetched.announcedSha256);
  });

  test("an id Meta does not know, or that climbs in the path, is gone", async () => {
    for (const id of ["12345", "..", ".", ""]) {
      expect(await outcome(source, id)).toBe("MEDIA_GONE");
    }
    expect(await outcome(source, "../v25.0/106540352242922")).not.toBe(hex);
  });

  test("an attachment is not given up as gone by a token that sees nothing at all", async () => {
    const blind = open({ phone_number_id: "1" });
    expect(await outcome(blind, "12345")).toBe("MEDIA_UNAUTHORIZED");
    await blind.close();
  });

  test("an expired address is asked for once more, and only once", async () => {
    cloud.behave([{ on: "download", status: 404 }]);
    expect(await outcome()).toBe(hex);
    cloud.behave([
      { on: "download", status: 404 },
      { on: "download", status: 404 },
    ]);
    expect(await outcome()).toBe("MEDIA_UNAVAILABLE");
  });

  test("bytes beyond the limit are cut off although no length announced them", async () => {
    const strict = open({ max_attachment_bytes: 100_000 });
    cloud.behave([
      { on: "lookup", announce: { file_size: 1 } },
      { on: "download", fault: "truncated-chunked" },
    ]);
    expect(await outcome(strict)).toBe("MEDIA_TOO_LARGE");
    await strict.close();
  });

  test("an aborted fetch ends at once", async () => {
    cloud.behave([{ on: "lookup", delayMs: 1_500 }]);
    const start = performance.now();
    expect(await outcome(source, mediaId, AbortSignal.timeout(50))).toBe("MEDIA_UNAVAILABLE");
    expect(performance.now() - start).toBeLessThan(390);
  });

  test("a stream nobody reads releases its connection", async () => {
    const own = open();
    (await own.fetch!({ mediaId }, never)).body.destroy();
    await own.close();
  });
});

describe("the access token", () => {
  test("goes to no host the channel does not name, be it by redirect or by address", async () => {
    cloud.behave([{ on: "download", redirectTo: `${strangerUrl()}/x` }]);
    expect(await outcome()).toBe("MEDIA_HOST_REFUSED");
    cloud.behave([{ on: "lookup", announce: { url: `${strangerUrl()}/x` } }]);
    expect(await outcome()).toBe("MEDIA_HOST_REFUSED");
    expect(strangerSaw).toEqual([]);
  });

  test("goes along a redirect to a host the channel names", async () => {
    const open2 = open({ media_hosts: [strangerUrl().slice("http://".length)] });
    cloud.behave([{ on: "download", redirectTo: `${strangerUrl()}/x` }]);
    expect(await outcome(open2)).toBe(hex);
    expect(strangerSaw).toMatchObject([{ authorization: `Bearer ${TOKEN}`, "user-agent": "Botenstoff" }]);
    await open2.close();
  });

  test("does not go round in circles", async () => {
    const self = { on: "download", redirectTo: `${cloud.url}/whatsapp_business/attachments/` } as const;
    cloud.behave([self, self, self, self, self]);
    expect(await outcome()).toBe("MEDIA_UNAVAILABLE");
  });

  test("is in no error and no printed configuration", async () => {
    cloud.behave([{ on: "lookup", fault: "reset" }]);
    const error = await source.fetch!({ mediaId }, never).catch((thrown: unknown) => thrown as Error);
    expect(`${(error as Error).stack ?? ""} ${JSON.stringify(error)}`).not.toContain(TOKEN);
    expect((error as Error).message).not.toContain(mediaId);
  });
});

describe("checking the channel", () => {
  const code = (from: Source) =>
    from.check(never).then(
      () => "ok",
      (error: unknown) => (error as BotenstoffError).code,
    );

  test("succeeds with a token that sees the number", async () => {
    expect(await code(source)).toBe("ok");
  });

  test("tells a refused token from an unknown number and a silent Graph API", async () => {
    const cases = [
      [{ access_token: "stale" }, "MEDIA_UNAUTHORIZED"],
      [{ phone_number_id: "1" }, "PROVIDER_CHECK_FAILED"],
      [{ graph_url: "http://127.0.0.1:9" }, "PROVIDER_CHECK_FAILED"],
    ] as const;
    for (const [setting, expected] of cases) {
      const broken = open(setting);
      expect(await code(broken)).toBe(expected);
      await broken.close();
    }
  });
});
