/**
 * Turns rows into one array per column, the shape `unnest` takes: a batch of any size is one statement with fixed text.
 * Bytes go as they are: written in hexadecimal they are twice as long, and quoted and parsed on both sides.
 */
export function columns<Row extends object>(rows: readonly Row[], names: readonly (keyof Row)[]): unknown[] {
  return names.map((name) => {
    const values = rows.map((row) => row[name] as unknown);
    return values.some((value) => Buffer.isBuffer(value)) ? byteaArray(values as (Buffer | null)[]) : values;
  });
}

const BYTEA_OID = 17;
const HEADER_BYTES = 20;
const NULL_LENGTH = -1;

/**
 * A `bytea[]` in PostgreSQL's binary format (array_send): dimensions, whether there are nulls, the elements' type, length
 * and lower bound; then each element's length and bytes, all numbers as big-endian int32.
 */
function byteaArray(values: readonly (Buffer | null)[]): Buffer {
  const array = Buffer.allocUnsafe(values.reduce((sum, value) => sum + 4 + (value?.length ?? 0), HEADER_BYTES));
  let at = 0;
  for (const number of [1, values.some((value) => !value) ? 1 : 0, BYTEA_OID, values.length, 1])
    at = array.writeInt32BE(number, at);
  for (const value of values) {
    at = array.writeInt32BE(value?.length ?? NULL_LENGTH, at);
    if (value) at += value.copy(array, at);
  }
  return array;
}
