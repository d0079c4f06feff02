import { Transform } from "node:stream";

/** Base64 of a byte stream, without line breaks, a chunk at a time. */
export function base64Stream(): Transform {
  let rest: Buffer = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      // Three bytes make four characters; what is over waits for the next chunk.
      const whole = bytes.length - (bytes.length % 3);
      rest = bytes.subarray(whole);
      done(null, Buffer.from(bytes.toString("base64", 0, whole), "latin1"));
    },
    flush(done) {
      done(null, Buffer.from(rest.toString("base64"), "latin1"));
    },
  });
}
