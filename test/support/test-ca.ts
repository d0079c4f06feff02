import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Paths of a certificate and its key. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

const DAY_MS = 86_400_000;
const CONFIG = `
[ca]
default_ca = this
[this]
dir = .
database = index
new_certs_dir = .
serial = serial
crlnumber = crlnumber
default_md = sha256
default_days = 365
default_crl_days = 30
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
`;

/** A certification authority of its own, made with the openssl program; gone when disposed of. */
export class TestCa implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), "botenstoff-ca-"));
  readonly cert = join(this.#directory, "ca.pem");
  readonly crl = join(this.#directory, "crl.pem");
  #made = 0;

  constructor() {
    writeFileSync(join(this.#directory, "config"), CONFIG);
    writeFileSync(join(this.#directory, "index"), "");
    writeFileSync(join(this.#directory, "serial"), "01\n");
    writeFileSync(join(this.#directory, "crlnumber"), "01\n");
    this.#openssl(
      "req",
      "-x509",
      ...this.#newKey("ca"),
      "-days",
      "3650",
      "-subj",
      `/CN=Test CA ${randomUUID()}`,
      "-out",
      this.cert,
    );
    this.#writeCrl();
  }

  /** A certificate for a name ("DNS:localhost", "IP:127.0.0.1") that ends in so many days, ended ones included. */
  issue(name = "IP:127.0.0.1", endsInDays = 365): Pair {
    this.#made += 1;
    const file = (end: string) => join(this.#directory, `${this.#made}.${end}`);
    const subject = ["-subj", `/CN=peer ${this.#made}`, "-addext", `subjectAltName=${name}`];
    this.#openssl("req", ...this.#newKey(String(this.#made)), ...subject, "-out", file("csr"));
    const from = stamp(Date.now() - 400 * DAY_MS);
    const dates = ["-startdate", from, "-enddate", stamp(Date.now() + endsInDays * DAY_MS)];
    this.#ca("-batch", "-notext", ...dates, "-in", file("csr"), "-out", file("pem"));
    return { cert: file("pem"), key: file("key") };
  }

  revoke({ cert }: Pair): void {
    this.#ca("-revoke", cert);
    this.#writeCrl();
  }

  read(path: string): Buffer {
    return readFileSync(path);
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #writeCrl(): void {
    this.#ca("-gencrl", "-out", this.crl);
  }

  #newKey(name: string): string[] {
    const key = join(this.#directory, `${name}.key`);
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key];
  }

  #ca(...args: string[]): void {
    this.#openssl("ca", "-cert", this.cert, "-keyfile", join(this.#directory, "ca.key"), ...args);
  }

  #openssl(command: string, ...args: string[]): void {
    const config = ["-config", join(this.#directory, "config")];
    execFileSync("openssl", [command, ...config, ...args], { cwd: this.#directory, stdio: "pipe" });
  }
}

/** GeneralizedTime: 20260101120000Z. */
function stamp(at: number): string {
  return `${new Date(at).toISOString().replace(/[-:T]|\..*/g, "")}Z`;
}
