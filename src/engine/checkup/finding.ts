import { BotenstoffError, kindOfError } from "#src/message/error-code.ts";
import type { Clock } from "#src/message/clock.ts";
import type { Settings } from "../settings.ts";

/** fail: somebody must act. warn: somebody will have to. note: not known, or not in use. */
export type Verdict = "fail" | "warn" | "note" | "ok";

/** What one look found. Names of settings, files, channels and codes stand in it; no secrets, nothing personal. */
export interface Finding {
  readonly check: string;
  readonly verdict: Verdict;
  readonly text: string;
  /** What to do about it. */
  readonly remedy?: string;
}

/** What every look is given. */
export interface Situation {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly settings: Settings;
  readonly now: Clock;
  /** No look waits longer for anything. */
  readonly withinMs: number;
  /** Whether an engine answers at the address of these settings. */
  readonly running: boolean;
}

export const ok = (check: string, text: string): Finding => ({ check, verdict: "ok", text });
export const note = (check: string, text: string): Finding => ({ check, verdict: "note", text });
export const warn = (check: string, text: string, remedy: string): Finding => ({
  check,
  verdict: "warn",
  text,
  remedy,
});
export const fail = (check: string, text: string, remedy: string): Finding => ({
  check,
  verdict: "fail",
  text,
  remedy,
});

/** What an error of ours says, or no more than the code of anybody else's. */
export function failed(check: string, error: unknown): Finding {
  if (error instanceof BotenstoffError) return fail(check, `${error.code}: ${error.message}`, error.remedy);
  return fail(check, `it cannot be looked at (${kindOfError(error)})`, "Run it again; report it if it stays.");
}

/** The findings of a look that must neither fail nor hang the others. */
export async function bounded(check: string, withinMs: number, look: () => Promise<Finding[]>): Promise<Finding[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Finding[]>((resolve) => {
    const text = `no answer within ${Math.round(withinMs / 1_000)} s`;
    timer = setTimeout(() => resolve([fail(check, text, "See what keeps it waiting.")]), withinMs);
  });
  try {
    return await Promise.race([look().catch((error: unknown) => [failed(check, error)]), late]);
  } finally {
    clearTimeout(timer);
  }
}
