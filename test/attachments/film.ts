import { Buffer } from "node:buffer";

/** A box of a film (ISO/IEC 14496-12). */
export function box(name: string, ...content: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(content.map((one) => (typeof one === "string" ? Buffer.from(one, "latin1") : one)));
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8);
  head.write(name, 4, "latin1");
  return Buffer.concat([head, body]);
}

export const PLACE = "+52.5163+013.3777/";

interface Film {
  readonly brand?: string;
  /** What says where and with what it was filmed; absent: nothing. */
  readonly telling?: boolean;
  /** Behind the samples, as phones write it. */
  readonly descriptionLast?: boolean;
  readonly samples?: string;
  readonly bytes?: number;
}

/** A film of no picture, with a description like a phone's. */
export function film({
  brand = "isom",
  telling = true,
  descriptionLast = true,
  samples = "avc1",
  bytes = 300_000,
}: Film = {}): Buffer {
  const header = box("tkhd", Buffer.alloc(84, 1));
  const user = box("udta", box("\xa9xyz", Buffer.from([0, 18, 0x15, 0xc7]), PLACE), box("\xa9mak", "Kamera"));
  const keys = box("meta", box("keys", "com.apple.quicktime.location.ISO6709"), box("ilst", PLACE));
  const media = box("mdia", box("minf", box("stbl", box("stsd", Buffer.alloc(8), box(samples, Buffer.alloc(16))))));
  const track = box("trak", header, media, ...(telling ? [box("udta", "Kanarienvogel")] : []));
  const moov = box("moov", box("mvhd", Buffer.alloc(100, 2)), track, ...(telling ? [user, keys] : []));
  const mdat = box("mdat", Buffer.alloc(bytes, 7));
  const type = box("ftyp", brand, Buffer.alloc(4), brand);
  return Buffer.concat([
    type,
    ...(descriptionLast ? [mdat, moov] : [moov, mdat]),
    ...(telling ? [box("uuid", PLACE)] : []),
  ]);
}
