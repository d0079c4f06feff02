import { unreadable } from "./byte-reader.ts";
import { minimalTiff } from "./orientation.ts";
import { freed, sizeOf, type Blank } from "./boxes.ts";

interface Box {
  readonly name: string;
  /** Of the box and of what is in it, in the buffer. */
  readonly start: number;
  readonly body: number;
  readonly end: number;
}

interface Extent {
  readonly item: number;
  /** Counted from the file, or from `idat`. */
  readonly inside: boolean;
  readonly offset: number;
  readonly length: number;
}

/** Items that describe the picture and are none: EXIF, XMP and other documents. */
const METADATA = new Set(["Exif", "mime", "uri "]);
/** Boxes inside others that hold what their author liked. */
const REMARKS = new Set(["udta", "uuid", "udes", "xml "]);
const CONTAINERS = new Set(["iprp", "ipco", "trak", "mdia", "minf", "stbl"]);
/** EXIF that says nothing: the offset of its TIFF block (ISO/IEC 23008-12 A.2.1), and that. */
const EMPTY_EXIF = Buffer.concat([Buffer.alloc(4), minimalTiff(1)]);
const MOST_EXTENTS = 10_000;

/**
 * What a `meta` or `moov` box says about metadata: which bytes of the file are to be blanked.
 * @param at where the box begins in the file
 */
export function metadataIn(box: Buffer, at: number, header: number): Blank[] {
  try {
    const isMeta = box.toString("latin1", 4, 8) === "meta";
    const children = boxesIn(box, header + (isMeta ? 4 : 0), box.length);
    return [...remarks(box, children, at), ...(isMeta ? items(box, children, at) : [])];
  } catch (error) {
    if (error instanceof RangeError) throw unreadable("its description ends too early");
    throw error;
  }
}

function remarks(box: Buffer, children: readonly Box[], at: number): Blank[] {
  return children.flatMap(({ name, start, body, end }) => {
    if (REMARKS.has(name)) return [freed(at + start), { from: at + body, to: at + end }];
    return CONTAINERS.has(name) ? remarks(box, boxesIn(box, body, end), at) : [];
  });
}

function items(box: Buffer, children: readonly Box[], at: number): Blank[] {
  const named = (name: string) => children.find((child) => child.name === name);
  const [infos, places, data] = [named("iinf"), named("iloc"), named("idat")];
  if (!infos || !places) return [];
  const types = typesIn(box, infos);
  return extentsIn(box, places).flatMap(({ item, inside, offset, length }): Blank[] => {
    const type = types.get(item);
    if (type === undefined || !METADATA.has(type)) return [];
    if (inside && !data) throw unreadable("it names data that is not there");
    const from = inside ? at + (data?.body ?? 0) + offset : offset;
    return [{ from, to: from + length, ...(type === "Exif" && length >= EMPTY_EXIF.length && { with: EMPTY_EXIF }) }];
  });
}

function typesIn(box: Buffer, { body, end }: Box): Map<number, string> {
  const entries = boxesIn(box, body + (box[body] === 0 ? 6 : 8), end);
  return new Map(
    entries.map(({ body: entry }): [number, string] => {
      const version = box[entry] ?? 0;
      if (version < 2) return [-1, ""];
      const wide = version > 2;
      const id = wide ? box.readUInt32BE(entry + 4) : box.readUInt16BE(entry + 4);
      const type = entry + (wide ? 10 : 8);
      return [id, box.toString("latin1", type, type + 4)];
    }),
  );
}

/** ISO/IEC 14496-12 8.11.3: the widths of its numbers stand in front. */
function extentsIn(box: Buffer, { body }: Box): Extent[] {
  const version = box[body] ?? 0;
  let at = body + 4;
  const uint = (bytes: number): number => {
    const value = bytes === 0 ? 0 : bytes === 8 ? Number(box.readBigUInt64BE(at)) : box.readUIntBE(at, bytes);
    at += bytes;
    return value;
  };
  const [sizes, more] = [uint(1), uint(1)];
  const [offsetBytes, lengthBytes, baseBytes] = [sizes >> 4, sizes & 15, more >> 4];
  const indexBytes = version > 0 ? more & 15 : 0;
  const idBytes = version < 2 ? 2 : 4;
  const extents: Extent[] = [];
  for (let left = uint(idBytes); left > 0; left -= 1) {
    const item = uint(idBytes);
    const method = version > 0 ? uint(2) & 15 : 0;
    const reference = uint(2);
    const base = uint(baseBytes);
    for (let extent = uint(2); extent > 0; extent -= 1) {
      uint(indexBytes);
      const offset = base + uint(offsetBytes);
      // Data in another file, or in another item, is no camera's.
      if (reference !== 0 || method > 1) throw unreadable("its data is somewhere else");
      extents.push({ item, inside: method === 1, offset, length: uint(lengthBytes) });
      if (extents.length > MOST_EXTENTS) throw unreadable("its description is larger than any camera's");
    }
  }
  return extents;
}

function boxesIn(box: Buffer, from: number, end: number): Box[] {
  const boxes: Box[] = [];
  for (let at = from; at + 8 <= end;) {
    const { size = end - at, header } = sizeOf(box.subarray(at, at + 16));
    if (at + size > end) throw unreadable("a box of it is longer than what it is in");
    boxes.push({ name: box.toString("latin1", at + 4, at + 8), start: at, body: at + header, end: at + size });
    at += size;
  }
  return boxes;
}
