import type { IncomingHttpHeaders } from "node:http";
import { Duplex, pipeline, Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from "node:zlib";

/** An answer in a coding nobody here knows. */
export class UnknownCoding extends Error {
  override readonly name = "UnknownCoding";
}

/**
 * The body without its content coding. Nobody asks for one, but proxies and servers compress all the same (RFC 9110 §8.4).
 * @throws UnknownCoding for one other than gzip, deflate and br
 */
export function decoded(body: Readable, contentEncoding: string): Readable {
  const codings = contentEncoding
    .toLowerCase()
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "" && one !== "identity");
  return codings.reduceRight<Readable>((stream, coding) => through(stream, decoderOf(coding)), body);
}

/** The same, by the headers of the answer. */
export function decodedBody(body: Readable, headers: IncomingHttpHeaders): Readable {
  const coding = headers["content-encoding"];
  return coding === undefined ? body : decoded(body, coding);
}

function decoderOf(coding: string): Duplex {
  switch (coding) {
    case "gzip":
    case "x-gzip":
      return createGunzip();
    case "br":
      return createBrotliDecompress();
    case "deflate":
      return Duplex.from(inflated);
    default:
      throw new UnknownCoding(`the answer is coded as something else than gzip, deflate or br`);
  }
}

/** "deflate" is zlib's format (RFC 9110 §8.4.1.2); some servers send bare deflate. The first byte tells. */
async function* inflated(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  const first = await chunks.next();
  if (first.done === true) return;
  const isZlib = ((first.value[0] ?? 0) & 0x0f) === 8;
  const all = Readable.from(from(first.value, chunks), { objectMode: false });
  yield* through(all, isZlib ? createInflate() : createInflateRaw());
}

async function* from(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

/** Errors on either side end both; what is dropped unread closes the connection. */
function through(source: Readable, decoder: Duplex): Readable {
  pipeline(source, decoder, () => undefined);
  return decoder;
}
