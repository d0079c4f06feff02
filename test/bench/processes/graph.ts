import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import sharp from "sharp";
import { answerCalls } from "../child.ts";

/** The Graph API as far as an attachment needs it: where it is, and its bytes. One image for every id. */
export interface Shelf {
  readonly port: number;
  /** Base64, as a webhook announces it. */
  readonly sha256: string;
  /** Lower-case hex. */
  readonly sha256Hex: string;
  readonly bytes: number;
}

/** Noise does not compress: a square of it has this many bytes a pixel as a JPEG of full quality and full colour. */
const BYTES_PER_PIXEL = 2.93;

async function listen(bytes: number): Promise<Shelf> {
  const side = Math.round(Math.sqrt(bytes / BYTES_PER_PIXEL));
  const noise = { width: side, height: side, channels: 3 } as const;
  const image = await sharp(randomBytes(side * side * 3), { raw: noise })
    .jpeg({ quality: 100, chromaSubsampling: "4:4:4" })
    .toBuffer();
  const digest = createHash("sha256").update(image).digest();
  const server = createServer((request, response) => {
    if (request.method === "DELETE") {
      response.writeHead(200, { "content-type": "application/json" }).end('{"success":true}');
      return;
    }
    if (request.url?.startsWith("/download")) {
      response.writeHead(200, { "content-type": "image/jpeg", "content-length": image.length }).end(image);
      return;
    }
    const url = `http://${request.headers.host}/download`;
    const found = { url, mime_type: "image/jpeg", sha256: digest.toString("hex"), file_size: image.length, id: "1" };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(found));
  });
  // Longer than anything here lasts: a connection closed while a request is on its way is a fault of its own.
  server.keepAliveTimeout = 600_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    sha256: digest.toString("base64"),
    sha256Hex: digest.toString("hex"),
    bytes: image.length,
  };
}

answerCalls({ listen });
