/** What a named SQL verb needs: a pool, or a client inside a transaction. Compatible with pg's Pool and PoolClient. */
export interface Queryable {
  query<Row extends object>(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ rows: Row[]; rowCount: number | null }>;
}

/** A client inside a transaction: for what is right only as a whole, such as a lock and what is written under it. */
export interface Transaction extends Queryable {
  readonly transacted: true;
}
