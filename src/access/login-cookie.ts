import { z } from "zod";
import { DIRECTORY_EPOCH } from "#src/seal/keyring/keyring.ts";
import type { Sealer } from "#src/seal/sealer.ts";
import { FIRST, openAt, sealAt, type Place } from "#src/store/sealed/place.ts";

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

/** In no table: the browser keeps it. */
const PLACE: Place<LoginAttempt> = {
  epoch: DIRECTORY_EPOCH,
  table: "access_login",
  row: "cookie",
  column: "sealed",
  shape: FIRST,
};

export function sealAttempt(sealer: Pick<Sealer, "seal">, value: LoginAttempt): string {
  return sealAt(sealer, PLACE, value).toString("base64url");
}

/** @returns undefined for what this engine did not give out, or too long ago */
export function openAttempt(sealer: Pick<Sealer, "open">, cookie: string, now: number): LoginAttempt | undefined {
  try {
    const opened = attempt.safeParse(openAt(sealer, PLACE, Buffer.from(cookie, "base64url")));
    return opened.success && opened.data.until > now ? opened.data : undefined;
  } catch {
    return undefined;
  }
}
