/** Base64 of a byte stream, a chunk at a time, without line breaks. */
export async function* base64Of(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of bytes) {
    // Three bytes make four characters; what is over waits for the next chunk, and is filled up from it: joining them would
    // copy the whole chunk.
    const missing = rest.length === 0 ? 0 : Math.min(3 - rest.length, chunk.length);
    if (missing > 0) {
      rest = Buffer.concat([rest, chunk.subarray(0, missing)]);
      if (rest.length < 3) continue;
      yield ascii(rest);
    }
    const whole = chunk.length - ((chunk.length - missing) % 3);
    rest = chunk.subarray(whole);
    if (whole > missing) yield ascii(chunk.subarray(missing, whole));
  }
  if (rest.length > 0) yield ascii(rest);
}

function ascii(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString("base64"), "latin1");
}
