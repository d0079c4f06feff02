import type { JWTVerifyResult } from "jose";

/** Whose sessions an identity provider ends. */
export interface LogoutOrder {
  /** One session. */
  readonly sid?: string;
  /** All of a person's. */
  readonly subject?: string;
  /** Names the order, so that it is obeyed once. */
  readonly jti: string;
  readonly issuedAt: number;
}

const EVENT = "http://schemas.openid.net/event/backchannel-logout";

/**
 * What a logout token orders, once its signature, issuer, audience and times hold (OpenID Connect Back-Channel Logout
 * 1.0 §2.6).
 * @throws Error for a token that is none: an ID token must never end a session
 */
export function readLogoutToken({ payload, protectedHeader }: JWTVerifyResult): LogoutOrder {
  const { jti, iat, sub, sid, nonce, events } = payload;
  const type = protectedHeader.typ?.toLowerCase();
  if (type !== undefined && type !== "logout+jwt" && type !== "jwt") throw new Error("of another type");
  if (typeof events !== "object" || events === null || !Object.hasOwn(events, EVENT))
    throw new Error("no logout event");
  if (nonce !== undefined) throw new Error("with a nonce, as ID tokens have");
  if (jti === undefined || iat === undefined) throw new Error("without a name or a time");
  if (sub === undefined && typeof sid !== "string") throw new Error("neither of a session nor of a person");
  return {
    jti,
    issuedAt: iat,
    ...(typeof sid === "string" && { sid }),
    ...(sub !== undefined && { subject: sub }),
  };
}
