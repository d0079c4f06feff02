/**
 * Arrays as PostgreSQL itself would write them (array_send): written as text, every element is quoted here and parsed
 * there, bytes in hexadecimal.
 */

/** How one type of element is written. A value that does not fit sends its array as text, for PostgreSQL to judge. */
interface Element<Value> {
  readonly oid: number;
  fits(value: unknown): value is Value;
  bytesOf(value: Value): number;
  write(value: Value, into: Buffer, at: number): void;
}

const isText = (value: unknown): value is string => typeof value === "string";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const UUID_BYTES = 16;
/** Instants are counted in microseconds from here. */
const Y2000_MS = Date.UTC(2000, 0, 1);
const JSONB_VERSION = 1;

const TEXT: Element<string> = {
  oid: 25,
  fits: isText,
  bytesOf: (value) => Buffer.byteLength(value),
  write: (value, into, at) => void into.write(value, at),
};

const BYTEA: Element<Buffer> = {
  oid: 17,
  fits: (value) => Buffer.isBuffer(value),
  bytesOf: (value) => value.length,
  write: (value, into, at) => void value.copy(into, at),
};

const ID: Element<string | Buffer> = {
  oid: 2950,
  fits: (value): value is string | Buffer =>
    isText(value) ? UUID.test(value) : Buffer.isBuffer(value) && value.length === UUID_BYTES,
  bytesOf: () => UUID_BYTES,
  write: (value, into, at) => {
    if (isText(value)) into.write(value.replaceAll("-", ""), at, "hex");
    else value.copy(into, at);
  },
};

const INT8: Element<number> = {
  oid: 20,
  fits: (value): value is number => Number.isSafeInteger(value),
  bytesOf: () => 8,
  write: writeInt64,
};

const INT4: Element<number> = {
  oid: 23,
  fits: (value): value is number => Number.isInteger(value) && value === ((value as number) | 0),
  bytesOf: () => 4,
  write: (value, into, at) => void into.writeInt32BE(value, at),
};

const BOOL: Element<boolean> = {
  oid: 16,
  fits: (value) => typeof value === "boolean",
  bytesOf: () => 1,
  write: (value, into, at) => void into.writeUInt8(value ? 1 : 0, at),
};

const TIMESTAMPTZ: Element<string | Date> = {
  oid: 1184,
  fits: (value): value is string | Date =>
    value instanceof Date ? Number.isFinite(value.getTime()) : isText(value) && isInstant(value),
  bytesOf: () => 8,
  write: (value, into, at) => {
    writeInt64(((value instanceof Date ? value.getTime() : Date.parse(value)) - Y2000_MS) * 1_000, into, at);
  },
};

const JSONB: Element<string> = {
  oid: 3802,
  fits: isText,
  bytesOf: (value) => 1 + Buffer.byteLength(value),
  write: (value, into, at) => void into.write(value, into.writeUInt8(JSONB_VERSION, at)),
};

const ELEMENTS = {
  ...{ text: TEXT, bytea: BYTEA, uuid: ID, bigint: INT8, int: INT4, bool: BOOL, boolean: BOOL },
  ...{ timestamptz: TIMESTAMPTZ, jsonb: JSONB },
} as Record<string, Element<unknown>>;

const WORD = 4;
const HEADER_BYTES = 5 * WORD;
const NULL_LENGTH = -1;

const PARAMETERS = new Map<string, readonly (Element<unknown> | undefined)[]>();

/** The values of a statement, with the arrays in binary whose parameter is cast in its text (`$1::uuid[]`). */
export function encodeArrays(text: string, values: readonly unknown[]): unknown[] {
  const elements = elementsOf(text);
  return values.map((value, at) => {
    const element = elements[at];
    return element && Array.isArray(value) && value.length > 0 ? encode(element, value) : value;
  });
}

/** What each parameter of a statement is an array of; statements are a fixed set. */
function elementsOf(text: string): readonly (Element<unknown> | undefined)[] {
  const known = PARAMETERS.get(text);
  if (known) return known;
  const found: (Element<unknown> | undefined)[] = [];
  for (const [, position, type = ""] of text.matchAll(/\$(\d+)::(\w+)\[\]/g))
    found[Number(position) - 1] = ELEMENTS[type];
  PARAMETERS.set(text, found);
  return found;
}

/** Dimensions, whether there are nulls, the elements' type, length and lower bound; then each element behind its length. */
function encode(element: Element<unknown>, values: readonly unknown[]): unknown {
  let bytes = HEADER_BYTES;
  let nulls = 0;
  for (const value of values) {
    if (value === null) nulls = 1;
    else if (element.fits(value)) bytes += element.bytesOf(value);
    else return values;
    bytes += WORD;
  }
  const array = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const word of [1, nulls, element.oid, values.length, 1]) at = array.writeInt32BE(word, at);
  for (const value of values) {
    const length = value === null ? NULL_LENGTH : element.bytesOf(value);
    at = array.writeInt32BE(length, at);
    if (value === null) continue;
    element.write(value, array, at);
    at += length;
  }
  return array;
}

/** Whether it is written as JavaScript would write it: a 30th of February is parsed as well, and would become another day. */
function isInstant(text: string): boolean {
  const at = Date.parse(text);
  return Number.isFinite(at) && new Date(at).toISOString() === text;
}

const TWO_TO_32 = 2 ** 32;

function writeInt64(value: number, into: Buffer, at: number): void {
  into.writeInt32BE(Math.floor(value / TWO_TO_32), at);
  into.writeUInt32BE(((value % TWO_TO_32) + TWO_TO_32) % TWO_TO_32, at + WORD);
}
