import { createHash } from "node:crypto";

/** A ZIP's directory ends within its last 22 bytes and a comment of at most 65,535 (APPNOTE 4.3.16). */
const TAIL_BYTES = 22 + 65_535;
const END_OF_DIRECTORY = Buffer.from("PK\x05\x06", "latin1");

export interface Measured {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly sha1: string;
  readonly bytes: number;
  /** Whether a ZIP reader would open the bytes, whatever they begin with. */
  readonly opensAsZip: boolean;
}

/** Hashes, counts and remembers the end of what passes through, with constant memory. */
export class Meter {
  readonly #sha256 = createHash("sha256");
  readonly #sha1 = createHash("sha1");
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #bytes = 0;

  async *through(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      this.#sha256.update(chunk);
      this.#sha1.update(chunk);
      this.#bytes += chunk.length;
      this.#remember(chunk);
      yield chunk;
    }
  }

  /** What has passed; to be asked once. */
  measured(): Measured {
    const tail = Buffer.concat(this.#tail);
    this.#tail = [];
    return {
      sha256: this.#sha256.digest("hex"),
      sha1: this.#sha1.digest("hex"),
      bytes: this.#bytes,
      opensAsZip: endsAsZip(tail),
    };
  }

  #remember(chunk: Buffer): void {
    this.#tail.push(chunk);
    this.#tailBytes += chunk.length;
    for (let first = this.#tail[0]; first && this.#tailBytes - first.length >= TAIL_BYTES; first = this.#tail[0]) {
      this.#tail.shift();
      this.#tailBytes -= first.length;
    }
  }
}

/** A stream whose SHA-256 is known once it has passed. */
export interface Hashed {
  readonly bytes: AsyncGenerator<Buffer>;
  /** Lower-case hex; to be asked once, at the end. */
  sha256(): string;
}

export function hashed(source: AsyncIterable<Buffer>): Hashed {
  const hash = createHash("sha256");
  async function* following() {
    for await (const chunk of source) {
      hash.update(chunk);
      yield chunk;
    }
  }
  return { bytes: following(), sha256: () => hash.digest("hex") };
}

/** An end-of-directory record whose comment reaches exactly to the end of the file. */
function endsAsZip(tail: Buffer): boolean {
  for (
    let at = tail.lastIndexOf(END_OF_DIRECTORY);
    at >= 0;
    at = at === 0 ? -1 : tail.lastIndexOf(END_OF_DIRECTORY, at - 1)
  ) {
    if (at + 22 <= tail.length && at + 22 + tail.readUInt16LE(at + 20) === tail.length) return true;
  }
  return false;
}
