/** What is bound to a sealed value as additional data: where it lives. Moved anywhere else, it does not open. */
export interface Binding {
  /** Start of the epoch in seconds since 1970; 0 is the directory's long-lived key. */
  readonly epoch: number;
  readonly table: string;
  readonly row: string;
  readonly column: string;
}
