import { createHmac, timingSafeEqual } from "node:crypto";

const STEP_MS = 30_000;
const DIGITS = 6;
/** A phone's clock may be this many steps away. */
const AWAY = 1;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The time step a code belongs to (RFC 6238, SHA-1 as every authenticator app takes it); undefined: none near now. */
export function stepOf(secret: Buffer, code: string, now: number): number | undefined {
  const here = Math.floor(now / STEP_MS);
  const near = Array.from({ length: 2 * AWAY + 1 }, (_, index) => here - AWAY + index);
  // Every candidate is looked at, whichever fits.
  const fitting = near.filter((step) => same(codeAt(secret, step), code));
  return fitting.at(-1);
}

export function codeAt(secret: Buffer, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", secret).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 0xf;
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** DIGITS).padStart(DIGITS, "0");
}

/** What an authenticator app takes: typed in, or read from a picture of it. */
export function otpauthUrl(name: string, secret: Buffer): string {
  return `otpauth://totp/Botenstoff:${name}?secret=${base32(secret)}&issuer=Botenstoff`;
}

/** RFC 4648, without padding. */
export function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{1,5}/g) ?? []).map((five) => ALPHABET[Number.parseInt(five.padEnd(5, "0"), 2)]).join("");
}

function same(expected: string, given: string): boolean {
  const [one, other] = [Buffer.from(expected), Buffer.from(given)];
  return one.length === other.length && timingSafeEqual(one, other);
}
