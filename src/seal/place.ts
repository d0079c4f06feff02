/** Where a sealed value lives. It is bound to the value as additional data: moved anywhere else, it does not open. */
export interface Place {
  /** Start of the epoch in seconds since 1970; 0 is the directory's long-lived key. */
  readonly epoch: number;
  readonly table: string;
  readonly row: string;
  readonly column: string;
}
