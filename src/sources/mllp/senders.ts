import { BlockList, isIP, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { z } from "zod";
import type { AckError } from "#src/hl7/ack.ts";
import type { ParsedMessage } from "#src/hl7/parse.ts";

/** HL7 table 0357. */
const NOT_IN_TABLE = "103";

const address = z
  .string()
  .refine((text) => networkOf(text) !== undefined, 'Expected an address or a network: "10.0.0.5", "10.0.0.0/24"');

/** Who may send; whatever is named must hold. */
export const senders = z.strictObject({
  addresses: z.array(address).min(1).optional().describe("addresses and networks (CIDR) connections may come from"),
  certificates: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe("common names, or DNS names, of client certificates; needs tls.ca"),
  applications: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('MSH-3 and MSH-4 of the messages taken: "KIS|HOSPITAL", or "KIS" for every facility; AR for others'),
});

export type Senders = z.output<typeof senders>;

/** Why a connection is hung up on before anything of it is read; undefined lets it in. */
export function connectionRefusal(socket: Socket, allowed: Senders | undefined): "address" | "certificate" | undefined {
  if (allowed?.addresses && !comesFrom(socket.remoteAddress, allowed.addresses)) return "address";
  if (allowed?.certificates && !namesOf(socket).some((name) => allowed.certificates?.includes(name))) {
    return "certificate";
  }
  return undefined;
}

/** Why a message is not of a sender that is expected here; undefined lets it in. */
export function senderRefusal(message: ParsedMessage, allowed: Senders | undefined): AckError | undefined {
  if (!allowed?.applications) return undefined;
  const [application, facility] = [3, 4].map((field) => message.value("MSH", field));
  const named = [application ?? "", `${application ?? ""}|${facility ?? ""}`];
  if (allowed.applications.some((one) => named.includes(one))) return undefined;
  return { code: NOT_IN_TABLE, segment: "MSH", field: 3, text: "this sender is not expected here" };
}

function comesFrom(remote: string | undefined, allowed: readonly string[]): boolean {
  const list = new BlockList();
  for (const text of allowed) {
    const { host, bits, family } = networkOf(text) ?? { host: "", bits: 0, family: "ipv4" as const };
    if (host !== "") list.addSubnet(host, bits, family);
  }
  // A socket for both families shows IPv4 inside IPv6.
  const plain = remote?.replace(/^::ffff:(?=\d+\.)/, "") ?? "";
  return isIP(plain) !== 0 && list.check(plain, isIP(plain) === 6 ? "ipv6" : "ipv4");
}

function networkOf(text: string): { host: string; bits: number; family: "ipv4" | "ipv6" } | undefined {
  const [host = "", said, ...more] = text.split("/");
  const version = isIP(host);
  const most = version === 6 ? 128 : 32;
  if (version === 0 || more.length > 0 || (said !== undefined && !/^\d{1,3}$/.test(said))) return undefined;
  const bits = said === undefined ? most : Number(said);
  return bits > most ? undefined : { host, bits, family: version === 6 ? "ipv6" : "ipv4" };
}

function namesOf(socket: Socket): string[] {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  if (!certificate) return [];
  const common = /^CN=(.+)$/m.exec(certificate.subject)?.[1];
  const others = [...(certificate.subjectAltName ?? "").matchAll(/DNS:([^,\s]+)/g)].map(([, name = ""]) => name);
  return [...(common === undefined ? [] : [common]), ...others];
}
