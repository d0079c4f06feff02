import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { gradientPng } from "#src/demo/picture.ts";
import { wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import { PATIENT, startTestEngine, type TestEngine } from "../engine/harness.ts";

let engine: TestEngine;
let inside: Server;
/** Requests that reached a server of the hospital's own that no channel names. */
let reached: string[];

beforeAll(async () => {
  engine = await startTestEngine();
  await engine.admit();
  inside = createServer((request, response) => {
    reached.push(`${request.url ?? ""} ${request.headers.authorization ?? ""}`);
    response.writeHead(200, { "content-type": "image/png" }).end(gradientPng(8, 8));
  });
  await new Promise<void>((resolve) => inside.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  await engine.close();
  inside.closeAllConnections();
  await new Promise((resolve) => inside.close(resolve));
});
beforeEach(() => {
  reached = [];
  engine.world.whatsapp.behave([]);
});

const insideUrl = (host = "127.0.0.1") => `http://${host}:${(inside.address() as AddressInfo).port}/secret.png`;

/** Each from a sender of its own, so that what is held does not keep the next waiting. Known senders are the patient. */
async function send(bytes: Buffer, mimeType: string): Promise<string> {
  const { whatsapp } = engine.world;
  const id = wamid(PATIENT.phone);
  const media = whatsapp.addMedia(bytes, mimeType);
  const body = whatsapp.imageBody({ from: PATIENT.phone, id, mediaId: media.id, mimeType, sha256: media.sha256 });
  expect(await engine.post(whatsapp.signedBody(body))).toBe(200);
  return id;
}

const png = gradientPng(64, 64);
const svg = Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>');
const zip = Buffer.concat([
  Buffer.from("504b0304140000000000", "hex"),
  Buffer.alloc(60),
  Buffer.from("504b0506", "hex"),
  Buffer.alloc(18),
]);

describe("bytes that are not what they are called are quarantined, and the next message goes on", () => {
  test.each([
    ["SVG named as a PNG", svg, "image/png"],
    ["SVG that says so", svg, "image/svg+xml"],
    ["HTML named as a JPEG", Buffer.from("<!doctype html><script>alert(1)</script>"), "image/jpeg"],
    ["a program named as a JPEG", Buffer.concat([Buffer.from("MZ"), Buffer.alloc(4_000)]), "image/jpeg"],
    ["an ELF named as a PNG", Buffer.concat([Buffer.from("7f454c46", "hex"), Buffer.alloc(4_000)]), "image/png"],
    ["a ZIP named as a PNG", zip, "image/png"],
    ["a PDF named as a PNG", Buffer.from("%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF"), "image/png"],
    ["a PNG with a program behind it", Buffer.concat([png, Buffer.from("MZ"), Buffer.alloc(4_000)]), "image/png"],
    ["a PNG that is a ZIP as well", Buffer.concat([png, zip]), "image/png"],
    ["a PNG cut in half", png.subarray(0, png.length / 2), "image/png"],
    ["nothing at all", Buffer.alloc(0), "image/png"],
    ["random bytes", Buffer.from(Array.from({ length: 5_000 }, (_, n) => (n * 7919) % 251)), "image/jpeg"],
  ])("%s", async (what, bytes, mimeType) => {
    const message = await engine.until(await send(bytes, mimeType), "held", "filed");
    const harmless = what.endsWith("behind it") || what.endsWith("as well");
    // What follows a PNG's end is cut off or refused; either way it must not reach the chart.
    if (harmless && message.state === "filed")
      expect(JSON.stringify(engine.world.fhir.chart.all("Binary"))).not.toContain(bytes.toString("base64"));
    else expect(message).toMatchObject({ state: "held", reason: "quarantine" });
    await engine.until(await engine.text("danach"), "filed");
  });
});

describe("an address that leads into the hospital", () => {
  test.each([
    ["announced by the look-up", () => [{ on: "lookup", announce: { url: insideUrl() } }] as const],
    ["by name", () => [{ on: "lookup", announce: { url: insideUrl("localhost") } }] as const],
    ["as IPv6", () => [{ on: "lookup", announce: { url: "http://[::1]:9/x" } }] as const],
    ["as a number", () => [{ on: "lookup", announce: { url: insideUrl("2130706433") } }] as const],
    [
      "with Meta's name as a user",
      () => [{ on: "lookup", announce: { url: insideUrl("lookaside.fbsbx.com@127.0.0.1") } }] as const,
    ],
    ["of another scheme", () => [{ on: "lookup", announce: { url: "file:///etc/passwd" } }] as const],
    ["by a redirect", () => [{ on: "download", redirectTo: insideUrl() }] as const],
    ["by a redirect without a scheme", () => [{ on: "download", redirectTo: insideUrl().slice(5) }] as const],
    [
      "to the cloud's metadata",
      () => [{ on: "download", redirectTo: "http://169.254.169.254/latest/meta-data" }] as const,
    ],
  ])("is refused: %s", async (_what, behaviour) => {
    engine.world.whatsapp.behave(behaviour());
    const message = await engine.until(await send(png, "image/png"), "held");
    expect(message).toMatchObject({ state: "held", reason: "quarantine" });
    expect(JSON.stringify(message)).toContain("MEDIA_HOST_REFUSED");
    expect(reached).toEqual([]);
    await engine.until(await engine.text("danach"), "filed");
  });
});

describe("a size that lies", () => {
  test("announced beyond the limit is refused without fetching, whatever would come", async () => {
    engine.world.whatsapp.behave([{ on: "lookup", announce: { file_size: 104_857_601 } }]);
    expect(await engine.until(await send(png, "image/png"), "held")).toMatchObject({ reason: "quarantine" });
  });

  test("announced small but 101 MB long is cut off at what was announced or allowed, and held", async () => {
    engine.world.whatsapp.behave([{ on: "lookup", announce: { file_size: 1_000 } }]);
    const huge = Buffer.alloc(101 * 1024 * 1024);
    png.copy(huge);
    const message = await engine.until(await send(huge, "image/png"), "held");
    expect(message).toMatchObject({ reason: "quarantine" });
  });

  test("shorter than announced is fetched again, and filed once it comes whole", async () => {
    engine.world.whatsapp.behave([
      { on: "download", contentLength: 100_000_000 },
      { on: "download", fault: "truncated" },
    ]);
    await engine.until(await send(png, "image/png"), "filed");
  });
});
