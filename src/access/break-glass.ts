import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Role } from "#src/audit/rights.ts";
import type { Clock } from "#src/message/clock.ts";
import { DIRECTORY_EPOCH } from "#src/seal/keyring/keyring.ts";
import type { Sealer } from "#src/seal/sealer.ts";
import type { Queryable, Transaction } from "#src/store/queryable.ts";
import { listBreakGlass, openBreakGlass, useStep } from "#src/store/sql/break-glass.ts";
import { FIRST, openAt, sealAt, type Place } from "#src/store/sealed/place.ts";
import { otpauthUrl, stepOf } from "./totp.ts";

/** What break-glass accounts are called as a provider of identities. */
export const BREAK_GLASS = "break-glass";

const PASSWORD_BYTES = 16;
const SECRET_BYTES = 20;

interface SealedAccount {
  /** SHA-256 of 128 random bits. */
  readonly password: string;
  readonly totp: string;
}

interface OpenWish {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly endsAt: Date;
}

/** Opens an account. @returns what its holder needs, shown this once; undefined where one of this name is open */
export async function openAccount(
  db: Transaction,
  sealer: Pick<Sealer, "seal">,
  { name, roles, endsAt }: OpenWish,
  openedBy: string,
  now: Date,
): Promise<{ password: string; otpauth: string } | undefined> {
  const password = randomBytes(PASSWORD_BYTES).toString("base64url");
  const secret = randomBytes(SECRET_BYTES);
  const account: SealedAccount = { password: digest(password).toString("hex"), totp: secret.toString("hex") };
  const sealed = sealAt(sealer, placeOf(name), account);
  const opened = await openBreakGlass(db, { name, roles, openedAt: now, openedBy, endsAt, sealed });
  return opened ? { password, otpauth: otpauthUrl(name, secret) } : undefined;
}

/** Who holds an account's password and its second factor; undefined: whatever of it is wrong, or used before. */
export async function proveHolder(
  deps: { readonly store: Queryable; readonly sealer: Pick<Sealer, "open">; readonly now: Clock },
  { name, password, code }: { readonly name: string; readonly password: string; readonly code: string },
): Promise<{ name: string; roles: readonly string[]; endsAt: Date } | undefined> {
  const now = deps.now();
  const found = (await listBreakGlass(deps.store, new Date(now))).find((row) => row.name === name);
  const account = found
    ? openAt(deps.sealer, placeOf(name), found.sealed)
    : // As much work for an account that is none.
      { password: "0".repeat(64), totp: "0".repeat(40) };
  const knows = timingSafeEqual(digest(password), Buffer.from(account.password, "hex"));
  const step = stepOf(Buffer.from(account.totp, "hex"), code, now);
  if (!found || !knows || step === undefined) return undefined;
  return (await useStep(deps.store, name, step)) ? found : undefined;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function placeOf(name: string): Place<SealedAccount> {
  return { epoch: DIRECTORY_EPOCH, table: "break_glass", row: name, column: "sealed", shape: FIRST };
}
