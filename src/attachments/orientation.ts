/** How an image must be turned to be seen upright: 1 as it is, 2–8 turned or mirrored (CIPA DC-008, tag 274). */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

const ORIENTATION = 0x0112;
const SHORT = 3;
const LONG = 4;
const ENTRY_BYTES = 12;
const EXIF_PREFIX = Buffer.from("Exif\0\0", "latin1");

/** Whether the bytes begin as EXIF does in a JPEG's APP1 segment. */
export function isExif(bytes: Buffer): boolean {
  return bytes.subarray(0, EXIF_PREFIX.length).equals(EXIF_PREFIX);
}

/** The orientation in an EXIF block, with or without its prefix; undefined where there is none that means anything. */
export function orientationIn(exif: Buffer): Orientation | undefined {
  const tiff = isExif(exif) ? exif.subarray(EXIF_PREFIX.length) : exif;
  const order = tiff.toString("latin1", 0, 2);
  if (tiff.length < 8 || (order !== "II" && order !== "MM")) return undefined;
  const u16 = (at: number) => (order === "II" ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const u32 = (at: number) => (order === "II" ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at));
  const directory = u32(4);
  if (u16(2) !== 42 || directory + 2 > tiff.length) return undefined;
  const count = u16(directory);
  for (let index = 0; index < count; index += 1) {
    const at = directory + 2 + index * ENTRY_BYTES;
    if (at + ENTRY_BYTES > tiff.length) return undefined;
    if (u16(at) !== ORIENTATION) continue;
    const type = u16(at + 2);
    const value = type === SHORT ? u16(at + 8) : type === LONG ? u32(at + 8) : 0;
    return value >= 1 && value <= 8 ? (value as Orientation) : undefined;
  }
  return undefined;
}

/** The smallest TIFF block that says the orientation and nothing else. */
export function minimalTiff(orientation: Orientation): Buffer {
  const tiff = Buffer.alloc(26);
  tiff.write("MM\0*", "latin1");
  tiff.writeUInt32BE(8, 4);
  tiff.writeUInt16BE(1, 8);
  tiff.writeUInt16BE(ORIENTATION, 10);
  tiff.writeUInt16BE(SHORT, 12);
  tiff.writeUInt32BE(1, 14);
  tiff.writeUInt16BE(orientation, 18);
  return tiff;
}

/** The same as it stands in a JPEG's APP1 segment. */
export function minimalExif(orientation: Orientation): Buffer {
  return Buffer.concat([EXIF_PREFIX, minimalTiff(orientation)]);
}
