import { createHash } from "node:crypto";
import { BlockList, isIPv6 } from "node:net";
import type { TLSSocket } from "node:tls";
import type { IncomingMessage } from "node:http";
import { BotenstoffError } from "#src/message/error-code.ts";

/** Who is at the other end of a request, as far as it can be believed. */
export interface Clients {
  /** Whether this peer is a configured proxy, whose word about the client counts. */
  trusts(address: string): boolean;
  /** Common name of the client certificate that was verified, by this engine's TLS or by a trusted proxy. */
  certificateName(request: IncomingMessage): string | undefined;
  /** SHA-256 of the client certificate that this engine's own TLS has verified. What a proxy tells is none. */
  certificateHash(request: IncomingMessage): Buffer | undefined;
}

interface ClientsOptions {
  /** Addresses ("10.0.0.5") and networks ("10.0.0.0/24") of reverse proxies. */
  readonly proxies: readonly string[];
  /** Lower-case name of the header in which they tell the verified certificate's subject. */
  readonly certificateHeader: string;
}

/** @throws BotenstoffError CONFIG_INVALID for what is no address or network */
export function createClients({ proxies, certificateHeader }: ClientsOptions): Clients {
  const list = blockListOf(proxies);
  const trusts = (address: string) => list.check(address, isIPv6(address) ? "ipv6" : "ipv4");
  return {
    trusts,
    certificateHash: ({ socket }) => {
      const { remoteAddress } = socket;
      if (remoteAddress === undefined || trusts(remoteAddress)) return undefined;
      return peerHash(socket as Partial<TLSSocket>);
    },
    certificateName: (request) => {
      const { remoteAddress } = request.socket;
      if (remoteAddress === undefined) return undefined;
      // Behind a proxy the TLS peer is the proxy, so its own certificate says nothing about the client.
      if (!trusts(remoteAddress)) return peerName(request.socket as Partial<TLSSocket>);
      const told = request.headers[certificateHeader];
      return typeof told === "string" ? commonName(told) : undefined;
    },
  };
}

function blockListOf(proxies: readonly string[]): BlockList {
  const list = new BlockList();
  for (const proxy of proxies) {
    const [address = "", prefix] = proxy.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    try {
      if (prefix === undefined) list.addAddress(address, family);
      else list.addSubnet(address, Number(prefix), family);
    } catch (cause) {
      throw new BotenstoffError("CONFIG_INVALID", `reading the proxies: "${proxy}" is no address or network`, {
        cause,
      });
    }
  }
  return list;
}

function peerHash(socket: Partial<TLSSocket>): Buffer | undefined {
  if (socket.authorized !== true) return undefined;
  const certificate = socket.getPeerX509Certificate?.();
  return certificate && createHash("sha256").update(certificate.raw).digest();
}

function peerName(socket: Partial<TLSSocket>): string | undefined {
  if (!socket.authorized) return undefined;
  const name: unknown = socket.getPeerCertificate?.().subject.CN;
  return typeof name === "string" ? name : undefined;
}

/** One attribute of a distinguished name, its value escaped as RFC 4514 §2.4 says. */
const ATTRIBUTE = /(?:^|[,+])\s*([A-Za-z0-9.]+)=((?:\\.|[^,+\\])*)/g;

/**
 * The common name in what a proxy tells: the name itself, or a distinguished name as RFC 4514 writes it
 * (nginx `$ssl_client_s_dn`). Undefined unless there is exactly one.
 */
function commonName(subject: string): string | undefined {
  if (!subject.includes("=")) return subject === "" ? undefined : subject;
  const names = [...subject.matchAll(ATTRIBUTE)].filter(([, type]) => type?.toUpperCase() === "CN");
  return names.length === 1 ? names[0]?.[2]?.replaceAll(/\\(.)/g, "$1") : undefined;
}
