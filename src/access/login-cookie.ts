import { z } from "zod";
import type { Sealer } from "#src/seal/sealer.ts";
import { accessPlace } from "#src/store/sealed/access.ts";

/** A sign-in that is under way, kept by the browser that began it: nobody can finish another's, or fill a table. */
const attempt = z.strictObject({
  provider: z.string(),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  maxAge: z.number().optional(),
  redirectUri: z.string(),
  returnTo: z.string(),
  until: z.number(),
});

export type LoginAttempt = z.infer<typeof attempt>;

export function sealAttempt(sealer: Pick<Sealer, "sealJson">, value: LoginAttempt): string {
  return sealer.sealJson(accessPlace.login(), value).toString("base64url");
}

/** @returns undefined for what this engine did not give out, or too long ago */
export function openAttempt(sealer: Pick<Sealer, "openJson">, cookie: string, now: number): LoginAttempt | undefined {
  try {
    const opened = attempt.safeParse(sealer.openJson(accessPlace.login(), Buffer.from(cookie, "base64url")));
    return opened.success && opened.data.until > now ? opened.data : undefined;
  } catch {
    return undefined;
  }
}
