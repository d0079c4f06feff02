import type { Server } from "./database.ts";
import type { Cost } from "./meter.ts";
import type { Latency } from "./latency.ts";

export interface Settings {
  readonly server: Server;
  /** Everything small enough that all scenarios together end within a minute. */
  readonly quick: boolean;
  readonly profile?: string;
}

/** A figure the project promises, and what this run got. */
export interface Target {
  readonly what: string;
  readonly wanted: string;
  readonly got: number;
  readonly met: boolean;
}

export interface Result {
  readonly cost?: Cost;
  /** Messages per second of the bare baseline in the same run. */
  readonly baselinePerSecond?: number;
  readonly latency?: Readonly<Record<string, Latency>>;
  readonly figures?: Readonly<Record<string, number | string>>;
  readonly targets: readonly Target[];
  /** Broken invariants, each a sentence; empty in every run that counts. */
  readonly faults: readonly string[];
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  run(settings: Settings): Promise<Result>;
}

export function atLeast(what: string, wanted: number, got: number): Target {
  return { what, wanted: `≥ ${wanted}`, got, met: got >= wanted };
}

export function atMost(what: string, wanted: number, got: number): Target {
  return { what, wanted: `≤ ${wanted}`, got, met: got <= wanted };
}
