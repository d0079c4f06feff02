import { EntitySchema } from "typeorm";
import { bigint, bytes, json, key, nullable, text, time, uuid } from "./columns.ts";

/** Machine tokens: a name, what it may, and the hash of 256 random bits. */
export const AccessTokenEntity = new EntitySchema({
  name: "access_token",
  columns: {
    id: key(uuid, "access_token"),
    name: text,
    hash: bytes,
    roles: json,
    channels: nullable(json),
    created_at: time,
    created_by: text,
    expires_at: nullable(time),
    revoked_at: nullable(time),
    used_at: nullable(time),
    certificate: nullable(bytes),
  },
  indices: [
    { name: "access_token_by_certificate", columns: ["certificate"], unique: true, where: `"revoked_at" IS NULL` },
    { name: "access_token_by_name", columns: ["name"], unique: true },
    { name: "access_token_by_hash", columns: ["hash"], unique: true },
  ],
});

/** Who is signed in: found by the hash of what the cookie holds, the person sealed. */
export const AccessSessionEntity = new EntitySchema({
  name: "access_session",
  columns: {
    id: key(uuid, "access_session"),
    secret_hash: bytes,
    provider: text,
    person_bi: bytes,
    sid_bi: nullable(bytes),
    created_at: time,
    seen_at: time,
    checked_at: time,
    ends_at: time,
    sealed: bytes,
  },
  indices: [
    { name: "access_session_by_secret", columns: ["secret_hash"], unique: true },
    { name: "access_session_by_person", columns: ["person_bi"] },
    { name: "access_session_by_sid", columns: ["sid_bi"] },
  ],
});

/** Logout tokens of identity providers that were already obeyed, until they expire. */
export const AccessLogoutEntity = new EntitySchema({
  name: "access_logout",
  columns: { jti_hash: key(bytes, "access_logout"), until: time },
});

/** Accounts for the time without an identity provider; gone once they end. */
export const BreakGlassEntity = new EntitySchema({
  name: "break_glass",
  columns: {
    name: key(text, "break_glass"),
    roles: json,
    opened_at: time,
    opened_by: text,
    ends_at: time,
    used_step: { ...bigint, default: 0 },
    sealed: bytes,
  },
});

/** Leave to read one message, asked for by one person and given by another; gone once it ends. */
export const ContentGrantEntity = new EntitySchema({
  name: "content_grant",
  columns: {
    id: key(uuid, "content_grant"),
    message_id: uuid,
    channel: text,
    reason: text,
    asked_by: text,
    asked_at: time,
    granted_by: nullable(text),
    ends_at: time,
  },
  indices: [{ name: "content_grant_by_message", columns: ["message_id", "asked_by"] }],
});
