/** Base64 of a byte stream, a chunk at a time, without line breaks. */
export async function* base64Of(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of bytes) {
    const joined = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    // Three bytes make four characters; what is over waits for the next chunk.
    const whole = joined.length - (joined.length % 3);
    rest = joined.subarray(whole);
    yield Buffer.from(joined.toString("base64", 0, whole), "latin1");
  }
  yield Buffer.from(rest.toString("base64"), "latin1");
}
