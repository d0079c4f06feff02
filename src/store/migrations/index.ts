import { Foundation1763920000000 } from "./1763920000000-foundation.ts";

/** In the order they run. */
export const MIGRATIONS = [Foundation1763920000000];
