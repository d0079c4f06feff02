import { createHash, createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";
import { isIP, SocketAddress } from "node:net";
import { bits, der, integer, objectId, octets, sequence, set, text, time, yes } from "./der.ts";

/** A certificate with its key, both PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

/** Whose name stands in it, and how long it holds. */
interface Wish {
  readonly name: string;
  readonly from: Date;
  readonly days: number;
}

const DAY_MS = 86_400_000;
/** A machine whose clock is a little behind takes it as well. */
const EARLIER_MS = 3_600_000;
const ECDSA_WITH_SHA256 = sequence(objectId("1.2.840.10045.4.3.2"));
const COMMON_NAME = objectId("2.5.4.3");
const SERIAL_BYTES = 16;

/** A certification authority for a hospital that has none: P-256, may sign certificates of servers and nothing below them. */
export function makeAuthority(wish: Wish): Issued {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const extensions = [
    extension("2.5.29.19", sequence(yes, integer(Buffer.from([0]))), true),
    // keyCertSign, cRLSign
    extension("2.5.29.15", bits(Buffer.from([0x06]), 1), true),
    extension("2.5.29.14", octets(keyIdOf(keys.publicKey))),
  ];
  const cert = certificate(wish, wish.name, keys.publicKey, extensions, keys.privateKey);
  return { cert, key: pemOf(keys.privateKey) };
}

/** A certificate of a server for its names and addresses, signed by an authority of `makeAuthority`. */
export function issueServer(
  authority: { readonly name: string; readonly key: KeyObject },
  wish: Wish & { readonly hosts: readonly string[] },
): Issued {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuerId = keyIdOf(createPublicKey(authority.key));
  const extensions = [
    extension("2.5.29.19", sequence(), true),
    // digitalSignature
    extension("2.5.29.15", bits(Buffer.from([0x80]), 7), true),
    extension("2.5.29.37", sequence(objectId("1.3.6.1.5.5.7.3.1"))),
    extension("2.5.29.17", sequence(...wish.hosts.map(alternativeName))),
    extension("2.5.29.14", octets(keyIdOf(keys.publicKey))),
    extension("2.5.29.35", sequence(der(0x80, issuerId))),
  ];
  const cert = certificate(wish, authority.name, keys.publicKey, extensions, authority.key);
  return { cert, key: pemOf(keys.privateKey) };
}

function certificate(
  { name, from, days }: Wish,
  issuer: string,
  publicKey: KeyObject,
  extensions: readonly Buffer[],
  signer: KeyObject,
): string {
  const serial = randomBytes(SERIAL_BYTES);
  // Neither negative nor with zeros in front.
  serial.writeUInt8((serial.readUInt8(0) & 0x3f) | 0x40, 0);
  const begins = new Date(from.getTime() - EARLIER_MS);
  const signed = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    ECDSA_WITH_SHA256,
    nameOf(issuer),
    sequence(time(begins), time(new Date(begins.getTime() + days * DAY_MS))),
    nameOf(name),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  const whole = sequence(signed, ECDSA_WITH_SHA256, bits(sign("sha256", signed, signer)));
  const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

const nameOf = (name: string) => sequence(set(sequence(COMMON_NAME, text(name))));

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(objectId(id), ...(critical ? [yes] : []), octets(value));
}

/** RFC 5280 §4.2.1.2 (1): of the key's bits, without its algorithm. */
function keyIdOf(publicKey: KeyObject): Buffer {
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
  return createHash("sha1").update(point).digest();
}

function alternativeName(host: string): Buffer {
  return isIP(host) === 0 ? der(0x82, Buffer.from(host)) : der(0x87, addressBytes(host));
}

function addressBytes(host: string): Buffer {
  if (isIP(host) === 4) return Buffer.from(host.split(".").map(Number));
  const { address } = new SocketAddress({ address: host, family: "ipv6" });
  const [before = "", after] = address.split("::");
  const groups = (part = "") => (part === "" ? [] : part.split(":"));
  const missing = 8 - groups(before).length - groups(after).length;
  const all = [
    ...groups(before),
    ...Array.from({ length: after === undefined ? 0 : missing }, () => "0"),
    ...groups(after),
  ];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}

function pemOf(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}
