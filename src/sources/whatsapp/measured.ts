import { Readable } from "node:stream";
import { BotenstoffError } from "#src/message/error-code.ts";

/**
 * Passes bytes on and counts them. The stream fails with MEDIA_TOO_LARGE beyond `maxBytes`, and with MEDIA_UNAVAILABLE
 * when the connection breaks or ends before the `length` the host announced.
 */
export function measured(body: Readable, maxBytes: number, length: number | undefined): Readable {
  const stream = Readable.from(count(body, maxBytes, length), { objectMode: false });
  // A stream dropped before its first read never enters the generator, which could then not release the connection.
  stream.once("close", () => discard(body));
  return stream;
}

/** Drops a body unread and closes its connection; the error undici raises for that is nobody's. */
export function discard(body: Readable): void {
  body.on("error", () => undefined).destroy();
}

async function* count(body: Readable, maxBytes: number, length: number | undefined): AsyncGenerator<Buffer> {
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        throw new BotenstoffError("MEDIA_TOO_LARGE", `downloading media: more than ${maxBytes} bytes`);
      }
      yield chunk;
    }
  } catch (cause) {
    if (cause instanceof BotenstoffError) throw cause;
    throw new BotenstoffError("MEDIA_UNAVAILABLE", `downloading media: broken off after ${bytes} bytes`, { cause });
  }
  if (length !== undefined && bytes !== length) {
    throw new BotenstoffError("MEDIA_UNAVAILABLE", `downloading media: ${bytes} of ${length} bytes came`);
  }
}
