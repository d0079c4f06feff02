/**
 * Runs a statement for the rows of each epoch, the oldest first: nearly always there is one. Joined with rows that name
 * their epochs, a statement opens and closes the partitions of all there are, for every batch.
 */
export async function perEpoch<Row extends { readonly epoch: number }, Result>(
  rows: readonly Row[],
  run: (epoch: number, rows: readonly Row[]) => Promise<Result>,
): Promise<Result[]> {
  const epochs = [...Map.groupBy(rows, ({ epoch }) => epoch)].sort(([a], [b]) => a - b);
  return Promise.all(epochs.map(([epoch, ofEpoch]) => run(epoch, ofEpoch)));
}

/**
 * That a row lies in the epoch of a parameter, in a form by which PostgreSQL leaves the other partitions out before it
 * begins, and no index finds rows: the bare comparison is one with the second column of the primary key, and as long as
 * a new epoch's statistics are missing, reading all of it by that looks as good as looking for single ids. The second
 * half is never true.
 */
export function inEpoch(table: "message" | "delivery", parameter: string): string {
  return `(${table}.epoch = ${parameter} OR ${table}.epoch = ${parameter} + 0 AND ${table}.seq < 0)`;
}
