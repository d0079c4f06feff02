/** Turns rows into one array per column, the shape `unnest` takes: a batch of any size is one statement with fixed text. */
export function columns<Row extends object>(rows: readonly Row[], names: readonly (keyof Row)[]): unknown[] {
  return names.map((name) => rows.map((row) => row[name]));
}
