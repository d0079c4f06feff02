import { generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";

/** A certificate and its key, PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

/** A certification authority of the tests' own. */
export interface Authority {
  readonly cert: string;
  /** A certificate for a client of this name, or for a server at localhost and 127.0.0.1. */
  issue(commonName: string, validFor?: { readonly from: Date; readonly to: Date }): Issued;
}

const DAY_MS = 86_400_000;
const ECDSA_WITH_SHA256 = Buffer.from("06082a8648ce3d040302", "hex");
const COMMON_NAME = Buffer.from("0603550403", "hex");
const ORGANISATION = Buffer.from("060355040a", "hex");
const BASIC_CONSTRAINTS = Buffer.from("0603551d13", "hex");
const SUBJECT_ALT_NAME = Buffer.from("0603551d11", "hex");
const TRUE = Buffer.from("0101ff", "hex");

/** X.509 v3 as in RFC 5280 §4.1, as much of it as TLS looks at; Node itself cannot make certificates. */
export function createAuthority(name: string): Authority {
  const own = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const issuer = nameOf(name);
  const now = { from: new Date(Date.now() - DAY_MS), to: new Date(Date.now() + DAY_MS) };
  const authority = extension(BASIC_CONSTRAINTS, TRUE, der(0x30, TRUE));
  return {
    cert: certificate(
      { issuer, subject: issuer, key: own.publicKey, signer: own.privateKey, validity: now },
      authority,
    ),
    issue: (commonName, validity = now) => {
      const pair = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
      const names = der(0x30, der(0x82, Buffer.from("localhost")), der(0x87, Buffer.from([127, 0, 0, 1])));
      const parts = { issuer, subject: nameOf(commonName), key: pair.publicKey, signer: own.privateKey, validity };
      return {
        cert: certificate(parts, extension(SUBJECT_ALT_NAME, Buffer.alloc(0), names)),
        key: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      };
    },
  };
}

interface Parts {
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly key: KeyObject;
  readonly signer: KeyObject;
  readonly validity: { readonly from: Date; readonly to: Date };
}

function certificate({ issuer, subject, key, signer, validity }: Parts, extensions: Buffer): string {
  const algorithm = der(0x30, ECDSA_WITH_SHA256);
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(15)]);
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    issuer,
    der(0x30, time(validity.from), time(validity.to)),
    subject,
    key.export({ type: "spki", format: "der" }),
    der(0xa3, der(0x30, extensions)),
  );
  const signature = der(0x03, Buffer.concat([Buffer.from([0]), sign("sha256", body, signer)]));
  const base64 = der(0x30, body, algorithm, signature).toString("base64");
  return `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/(.{64})/g, "$1\n")}\n-----END CERTIFICATE-----\n`;
}

function nameOf(commonName: string): Buffer {
  const attribute = (type: Buffer, value: string) => der(0x31, der(0x30, type, der(0x0c, Buffer.from(value))));
  return der(0x30, attribute(ORGANISATION, "Botenstoff, tests"), attribute(COMMON_NAME, commonName));
}

function extension(type: Buffer, critical: Buffer, value: Buffer): Buffer {
  return der(0x30, type, critical, der(0x04, value));
}

/** UTCTime, YYMMDDhhmmssZ. */
function time(date: Date): Buffer {
  return der(0x17, Buffer.from(`${date.toISOString().replaceAll(/[-:T]/g, "").slice(2, 14)}Z`));
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}
