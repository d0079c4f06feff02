/** OpenSSL's and Node's codes for a certificate that is not accepted, in an engineer's words. */
const REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "expired",
  CERT_NOT_YET_VALID: "not yet valid",
  CERT_REVOKED: "revoked",
  ERR_TLS_CERT_ALTNAME_INVALID: "for another host",
  HOSTNAME_MISMATCH: "for another host",
  UNABLE_TO_GET_CRL: "untrusted: its CA's revocation list is missing",
  CRL_HAS_EXPIRED: "untrusted: its CA's revocation list has expired",
  CRL_NOT_YET_VALID: "untrusted: its CA's revocation list is not yet valid",
  CRL_SIGNATURE_FAILURE: "untrusted: its CA's revocation list is not signed by it",
  CERT_SIGNATURE_FAILURE: "untrusted",
  CERT_UNTRUSTED: "untrusted",
  CERT_REJECTED: "untrusted",
  CERT_CHAIN_TOO_LONG: "untrusted",
  DEPTH_ZERO_SELF_SIGNED_CERT: "untrusted",
  INVALID_CA: "untrusted",
  INVALID_PURPOSE: "for another purpose",
  SELF_SIGNED_CERT_IN_CHAIN: "untrusted",
  UNABLE_TO_GET_ISSUER_CERT: "untrusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "untrusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "untrusted",
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: "missing",
};

/** Why a peer's certificate is not accepted: "expired", "revoked", …; undefined when the code is about something else. */
export function certificateRefusal(code: string): string | undefined {
  return REASONS[code];
}

/** Whether the other side's TLS alert says that it does not accept our certificate (RFC 8446 §6.2). */
export function isOurCertificateRefused(code: string): boolean {
  return /^ERR_SSL_.*ALERT.*(?:CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/.test(code);
}
