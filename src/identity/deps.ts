import type { BlindIndex } from "#src/seal/blind-index.ts";
import type { Sealer } from "#src/seal/sealer.ts";

/** What opens, seals and finds the directory's rows. */
export interface ApplyDeps {
  readonly sealer: Sealer;
  readonly blindIndex: BlindIndex;
}
