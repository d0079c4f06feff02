import { afterAll, afterEach, beforeAll, expect, it } from "@jest/globals";
import sharp from "sharp";
import { controlId } from "#src/message/id.ts";
import { mediaPart } from "#src/simulators/whatsapp-cloud/kinds.ts";
import { elementUpdate, wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import { PATIENT, startTestEngine, type TestEngine } from "./harness.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
  await engine.admit();
});
afterAll(() => engine.close());

afterEach(() => engine.world.fhir.acquire({}));

const MIB = 1024 * 1024;

async function noise(edge: number): Promise<Buffer> {
  const grain = { type: "gaussian", mean: 128, sigma: 60 } as const;
  return sharp({ create: { width: edge, height: edge, channels: 3, background: "white", noise: grain } })
    .png()
    .toBuffer();
}

async function document(bytes: Buffer, filename: string): Promise<string> {
  const { whatsapp } = engine.world;
  const media = whatsapp.addMedia(bytes, "text/plain");
  const sent = wamid(PATIENT.phone);
  const announced = { id: media.id, mimeType: "text/plain", sha256: media.sha256 };
  const update = elementUpdate({ from: PATIENT.phone, id: sent }, mediaPart("document", announced, { filename }));
  expect(await engine.post(whatsapp.signedBody(whatsapp.batchBody([update])))).toBe(200);
  return sent;
}

/** What the chart shows of a message, in order. */
function payloadOf(id: string) {
  return engine.world.fhir.chart.all("Communication").find((one) => one.id === id)?.payload ?? [];
}

it("a document of 17 MiB is in the chart, the archive says so in a line, and what follows goes on", async () => {
  const bytes = Buffer.alloc(17 * MIB, "Befund und noch einer\n");
  const sent = await document(bytes, "befund.txt");
  const after = await engine.text("danach");
  const { id, attachments } = await engine.until(sent, "filed");
  await engine.until(after, "filed");
  const archived = engine.world.mllp.documents.get(controlId(id, "document"));
  const [reference] = engine.world.fhir.chart.all("DocumentReference");
  const url = reference?.content[0]?.attachment.url;
  expect(archived?.text.join("\n")).toContain(
    `[Anlage zu groß für dieses Dokument: befund.txt, text/plain, 17,8 MB, SHA-256 ${attachments![0]!.sha256}; ` +
      `Original in der FHIR-Akte unter ${url}]`,
  );
  expect(archived?.attachments).toEqual([]);
});

it("a picture that a proxy before the chart refuses for its size is filed smaller, and both the chart and the log say so", async () => {
  engine.world.fhir.acquire({ takesAtMost: { bytes: MIB, status: 413 } });
  const picture = await noise(900);
  expect(picture.length).toBeGreaterThan(MIB);
  // It is read back once more, from what is stored of the attempt.
  engine.world.fhir.behave([{ on: "read", lie: "absent" }]);
  const sent = await engine.image(picture, "Knie seit gestern");
  const after = await engine.text("danach");
  const { id } = await engine.until(sent, "filed");
  await engine.until(after, "filed");
  const [reference, ...lines] = payloadOf(id);
  expect(lines.map(({ contentString }) => contentString)).toEqual([
    expect.stringMatching(/^\[Bild verkleinert auf höchstens .*; Original image\/png, .* SHA-256 [0-9a-f]{64}\]$/),
    "Knie seit gestern",
  ]);
  const media = engine.world.fhir.chart
    .all("Media")
    .find((one) => one.id === reference?.contentReference?.reference?.slice(6));
  expect(media?.content).toMatchObject({ contentType: "image/jpeg" });
  const binary = engine.world.fhir.chart.all("Binary").find((one) => media?.content.url?.endsWith(one.id ?? "-"));
  const bytes = Buffer.from(binary?.data ?? "", "base64");
  expect(bytes.length).toBe(media?.content.size);
  expect((await sharp(bytes).metadata()).format).toBe("jpeg");
  expect(engine.logged.filter(({ event }) => event === "delivery.reduced").at(-1)?.fields).toMatchObject({
    ...{ message: id, destination: "chart", why: "too_large" },
  });
});

it.each([
  [413, undefined],
  [400, "Failed to parse: String length (1398104) exceeds the maximum length (1000000)"],
  [422, "Resource is too large"],
  [404, "Not found, 404.13 content length"],
])(
  "a document that the chart refuses for its size with %i is a line in it, and nothing waits",
  async (status, words) => {
    engine.world.fhir.acquire({ takesAtMost: { bytes: MIB, status, ...(words !== undefined && { words }) } });
    const sent = await document(Buffer.alloc(2 * MIB, "Befund\n"), "befund.txt");
    const { id } = await engine.until(sent, "filed");
    expect(payloadOf(id)).toEqual([
      {
        contentString: expect.stringMatching(
          /^\[Dokument: befund\.txt\]\n\[Anlage zu groß für diese Akte, sie ist nicht in ihr: text\/plain, 2,1 MB, SHA-256 /,
        ),
      },
    ]);
  },
);

it("what the chart refuses for its size whatever is left out fails, visibly, and its conversation can go on", async () => {
  engine.world.fhir.acquire({ takesAtMost: { bytes: 10, status: 413 } });
  const failed = await engine.until(await engine.image(await noise(300)), "failed");
  const chart = failed.deliveries?.find(({ destination }) => destination === "chart");
  expect(chart?.last_error).toMatch(/^DESTINATION_TOO_LARGE: /);
  engine.world.fhir.acquire({});
  expect(await engine.api.reprocess(failed.id)).toBe(202);
  await engine.until(await engine.text("danach"), "filed");
});
