import { certificateRefusal, isOurCertificateRefused } from "../tls/certificate-refusal.ts";

/** Why there is no answer: nothing was sent for want of a connection or of trust, or it may have arrived. */
export interface Failure {
  readonly what: "unreachable" | "untrusted" | "unanswered";
  /** Whom it concerns and a code; never what was sent. */
  readonly text: string;
}

/** Connecting failed: nothing was sent. Anything later: it may have arrived. */
const NEVER_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "ERR_SSL_WRONG_VERSION_NUMBER",
  "ERR_SSL_PACKET_LENGTH_TOO_LONG",
]);

/** @param host whom was asked, "fhir.hospital:443" */
export function failureOf(cause: unknown, host: string): Failure {
  const error = Error.isError(cause) ? cause : undefined;
  const code = codeOf(error) ?? "no answer";
  const proxy = proxyFailure(error, code);
  if (proxy) return proxy;
  const refusal = certificateRefusal(code);
  if (refusal !== undefined) return untrusted(`the certificate of ${host} is ${refusal} (${code})`);
  if (code.endsWith("CERTIFICATE_REQUIRED")) return untrusted(`${host} asks for a client certificate (${code})`);
  if (isOurCertificateRefused(code)) return untrusted(`${host} refuses our certificate (${code})`);
  if (/^(?:CERT_|CRL_|UNABLE_TO_|ERR_TLS_CERT_)/.test(code)) {
    return untrusted(`the certificate of ${host} is not accepted (${code})`);
  }
  if (NEVER_SENT.has(code) || code.startsWith("ERR_TLS")) return { what: "unreachable", text: `${host}: ${code}` };
  return { what: "unanswered", text: code };
}

function codeOf(error: Error | undefined): string | undefined {
  if (!error) return undefined;
  return "code" in error ? String(error.code) : undefined;
}

/** What undici says of the way through a proxy: none of it reaches the server. */
function proxyFailure(error: Error | undefined, code: string): Failure | undefined {
  const answered = /^Proxy response \((\d+)\)|^Proxy Authentication Required \((407)\)/.exec(error?.message ?? "");
  if (answered) return { what: "unreachable", text: `the proxy answered ${answered[1] ?? answered[2] ?? ""}` };
  if (code === "UND_ERR_PRX_TLS") return untrusted("the certificate of the proxy is not accepted");
  if (code === "UND_ERR_PRX_CONN") return { what: "unreachable", text: "the proxy hung up" };
  return undefined;
}

function untrusted(text: string): Failure {
  return { what: "untrusted", text };
}
