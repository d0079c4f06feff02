import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { answerCalls } from "../child.ts";

/** The Graph API as far as an attachment needs it: where it is, and its bytes. One image for every id. */
export interface Shelf {
  readonly port: number;
  /** Base64, as a webhook announces it. */
  readonly sha256: string;
  /** Lower-case hex. */
  readonly sha256Hex: string;
}

const JPEG_HEAD = Buffer.from("ffd8ffe000104a46494600010100000100010000", "hex");

async function listen(bytes: number): Promise<Shelf> {
  const image = Buffer.concat([JPEG_HEAD, randomBytes(bytes - JPEG_HEAD.length)]);
  const digest = createHash("sha256").update(image).digest();
  const server = createServer((request, response) => {
    if (request.url?.startsWith("/download")) {
      response.writeHead(200, { "content-type": "image/jpeg", "content-length": image.length }).end(image);
      return;
    }
    const url = `http://${request.headers.host}/download`;
    const found = { url, mime_type: "image/jpeg", sha256: digest.toString("hex"), file_size: image.length, id: "1" };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(found));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    sha256: digest.toString("base64"),
    sha256Hex: digest.toString("hex"),
  };
}

answerCalls({ listen });
