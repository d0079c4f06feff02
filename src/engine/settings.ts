import { z } from "zod";
import type { Part } from "#src/api/part.ts";
import { proxyOfEnvironment, type Proxy } from "#src/wire/http/proxy.ts";
import { plainMessage } from "#src/channel/zod-issues.ts";
import type { TlsPaths } from "#src/wire/tls/tls-files.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { parseDuration } from "#src/message/duration.ts";
import { Secret } from "#src/message/secret.ts";
import type { ClamdAddress } from "#src/attachments/scanner.ts";

/** One address of the HTTP side, and what is served there. */
export interface HttpListener {
  readonly parts: readonly Part[];
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Why plain HTTP off this machine is right here. */
  readonly insecure?: string;
  /** What its variables in the environment begin with. */
  readonly variable: string;
}

/** Everything the environment says (docs/configuration.md). An empty variable counts as absent. */
export interface Settings {
  readonly httpHost: string;
  readonly httpPort: number;
  /** Absent: plain HTTP. */
  readonly tls?: TlsPaths;
  /** Why plain HTTP off this machine is right here; the journal keeps it. */
  readonly httpInsecure?: string;
  /** Parts of the HTTP side that have an address of their own. */
  readonly apart: readonly HttpListener[];
  /** Addresses and networks of the reverse proxies whose word about a client counts. */
  readonly proxies: readonly string[];
  /** Lower-case name of the header in which they tell the subject of the client certificate they verified. */
  readonly certificateHeader: string;
  readonly maxConnections: number;
  readonly dataDir: string;
  /** Below this much free disk nothing new is taken. */
  readonly minFreeBytes: number;
  /** Absent: the embedded PostgreSQL under `dataDir`. */
  readonly databaseUrl?: string;
  readonly channelsDir: string;
  readonly mappingsDir: string;
  readonly profilesDir: string;
  /** Who may sign in; need not be there. */
  readonly accessFile: string;
  /** What is an alert, and who is told. */
  readonly alertsFile: string;
  /** Absent: there is no token named `env`. */
  readonly apiToken?: Secret;
  readonly masterKeyFile?: string;
  /** A file that the backup touches when it has succeeded; absent: how old the last one is, is not known. */
  readonly backupMarkerFile?: string;
  /** Absent: attachments are not scanned for malware. */
  readonly clamd?: ClamdAddress;
  readonly epochMs: number;
  /** How long a claimed lane belongs to an engine that does not say anything more. */
  readonly leaseMs: number;
  /** An engine whose event loop stands still for so long ends itself. */
  readonly frozenMs: number;
  /** The proxies connectors take that say so; absent where the environment names none. */
  readonly proxy?: Proxy;
  /** What the channels interpolate from. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

const port = z.coerce.number().int().min(0).max(65_535);
const reason = z.string().min(10, "at least a few words, why plain HTTP is right here");

const ENVIRONMENT = z.object({
  BOTENSTOFF_HTTP_HOST: z.string().default("127.0.0.1"),
  BOTENSTOFF_HTTP_PORT: port.default(8080),
  BOTENSTOFF_HTTP_MAX_CONNECTIONS: z.coerce.number().int().min(10).default(2_000),
  BOTENSTOFF_HTTP_INSECURE: reason.optional(),
  BOTENSTOFF_WEBHOOKS_HOST: z.string().optional(),
  BOTENSTOFF_WEBHOOKS_PORT: port.optional(),
  BOTENSTOFF_WEBHOOKS_INSECURE: reason.optional(),
  BOTENSTOFF_METRICS_HOST: z.string().optional(),
  BOTENSTOFF_METRICS_PORT: port.optional(),
  BOTENSTOFF_METRICS_INSECURE: reason.optional(),
  BOTENSTOFF_TLS_CERT_FILE: z.string().optional(),
  BOTENSTOFF_TLS_KEY_FILE: z.string().optional(),
  BOTENSTOFF_TLS_CLIENT_CA_FILE: z.string().optional(),
  BOTENSTOFF_PROXY_ADDRESSES: z.string().default(""),
  BOTENSTOFF_PROXY_CERTIFICATE_HEADER: z.string().toLowerCase().default("x-client-certificate"),
  BOTENSTOFF_DATA_DIR: z.string().default("./data"),
  BOTENSTOFF_MIN_FREE_MB: z.coerce.number().min(0).default(256),
  DATABASE_URL: z.string().optional(),
  BOTENSTOFF_CHANNELS_DIR: z.string().default("channels"),
  BOTENSTOFF_HL7_PROFILES_DIR: z.string().optional(),
  BOTENSTOFF_MAPPINGS_DIR: z.string().optional(),
  BOTENSTOFF_ACCESS_FILE: z.string().default("config/access.yaml"),
  BOTENSTOFF_ALERTS_FILE: z.string().optional(),
  BOTENSTOFF_API_TOKEN: z.string().optional(),
  BOTENSTOFF_MASTER_KEY_FILE: z.string().optional(),
  BOTENSTOFF_BACKUP_MARKER_FILE: z.string().optional(),
  BOTENSTOFF_CLAMD: z.string().optional(),
  BOTENSTOFF_EPOCH: z.string().default("P1D"),
  BOTENSTOFF_LEASE: z.string().default("PT20S"),
  BOTENSTOFF_FROZEN_AFTER: z.string().default("PT1M"),
});

/** The mappings that come with the engine. Others may lie elsewhere, but not in node_modules: Node strips no types there. */
const MAPPINGS_DIR = "mappings";
const PROFILES_DIR = "config/hl7-profiles";
const ALERTS_FILE = "config/alerts.yaml";

/**
 * Reads the engine's settings from the environment.
 * @throws BotenstoffError CONFIG_INVALID naming the variable
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = ENVIRONMENT.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new BotenstoffError(
      "CONFIG_INVALID",
      `reading ${String(issue?.path[0])}: ${issue ? plainMessage(issue) : "not usable"}`,
    );
  }
  const said = parsed.data;
  const proxy = proxyOfEnvironment(given);
  return {
    httpHost: said.BOTENSTOFF_HTTP_HOST,
    httpPort: said.BOTENSTOFF_HTTP_PORT,
    apart: apartOf(said),
    ...(said.BOTENSTOFF_HTTP_INSECURE !== undefined && { httpInsecure: said.BOTENSTOFF_HTTP_INSECURE }),
    proxies: said.BOTENSTOFF_PROXY_ADDRESSES.split(/[\s,]+/).filter((one) => one !== ""),
    certificateHeader: said.BOTENSTOFF_PROXY_CERTIFICATE_HEADER,
    maxConnections: said.BOTENSTOFF_HTTP_MAX_CONNECTIONS,
    dataDir: said.BOTENSTOFF_DATA_DIR,
    minFreeBytes: said.BOTENSTOFF_MIN_FREE_MB * 1024 * 1024,
    accessFile: said.BOTENSTOFF_ACCESS_FILE,
    channelsDir: said.BOTENSTOFF_CHANNELS_DIR,
    mappingsDir: said.BOTENSTOFF_MAPPINGS_DIR ?? new URL(`../../${MAPPINGS_DIR}`, import.meta.url).pathname,
    profilesDir: said.BOTENSTOFF_HL7_PROFILES_DIR ?? new URL(`../../${PROFILES_DIR}`, import.meta.url).pathname,
    alertsFile: said.BOTENSTOFF_ALERTS_FILE ?? new URL(`../../${ALERTS_FILE}`, import.meta.url).pathname,
    epochMs: atLeastASecond("BOTENSTOFF_EPOCH", said.BOTENSTOFF_EPOCH),
    leaseMs: atLeastASecond("BOTENSTOFF_LEASE", said.BOTENSTOFF_LEASE),
    frozenMs: atLeastASecond("BOTENSTOFF_FROZEN_AFTER", said.BOTENSTOFF_FROZEN_AFTER),
    env: given,
    ...(proxy && { proxy }),
    ...(said.BOTENSTOFF_CLAMD !== undefined && { clamd: readClamd(said.BOTENSTOFF_CLAMD) }),
    ...tlsOf(said),
    ...(said.DATABASE_URL !== undefined && { databaseUrl: said.DATABASE_URL }),
    ...(said.BOTENSTOFF_API_TOKEN !== undefined && { apiToken: new Secret(said.BOTENSTOFF_API_TOKEN) }),
    ...(said.BOTENSTOFF_BACKUP_MARKER_FILE !== undefined && { backupMarkerFile: said.BOTENSTOFF_BACKUP_MARKER_FILE }),
    ...(said.BOTENSTOFF_MASTER_KEY_FILE !== undefined && { masterKeyFile: said.BOTENSTOFF_MASTER_KEY_FILE }),
  };
}

/** The parts with an address of their own: those whose port is set. */
function apartOf(said: z.output<typeof ENVIRONMENT>): HttpListener[] {
  const taken = new Set([addressOf(said.BOTENSTOFF_HTTP_HOST, said.BOTENSTOFF_HTTP_PORT)]);
  return (["webhooks", "metrics"] as const).flatMap((part) => {
    const variable = `BOTENSTOFF_${part === "webhooks" ? "WEBHOOKS" : "METRICS"}` as const;
    const [own, port, insecure] = [said[`${variable}_HOST`], said[`${variable}_PORT`], said[`${variable}_INSECURE`]];
    if (port === undefined && own === undefined) return [];
    if (port === undefined)
      throw new BotenstoffError("CONFIG_INVALID", `reading ${variable}_PORT: not set, but ${variable}_HOST is`);
    const host = own ?? said.BOTENSTOFF_HTTP_HOST;
    const address = addressOf(host, port);
    if (port !== 0 && taken.has(address))
      throw new BotenstoffError("CONFIG_INVALID", `reading ${variable}_PORT: another listener has this address`);
    taken.add(address);
    return [{ parts: [part], host, port, variable, ...(insecure !== undefined && { insecure }) }];
  });
}

function addressOf(host: string, port: number): string {
  return `${host.toLowerCase()} ${port}`;
}

/** Half a key pair is a mistake, and so is a CA for clients that plain HTTP could never ask. */
function tlsOf(said: z.output<typeof ENVIRONMENT>): Pick<Settings, "tls"> {
  const {
    BOTENSTOFF_TLS_CERT_FILE: cert,
    BOTENSTOFF_TLS_KEY_FILE: key,
    BOTENSTOFF_TLS_CLIENT_CA_FILE: clientCa,
  } = said;
  if (cert !== undefined && key !== undefined)
    return { tls: { cert, key, ...(clientCa !== undefined && { ca: clientCa }) } };
  if (cert === undefined && key === undefined && clientCa === undefined) return {};
  const missing = cert === undefined ? "BOTENSTOFF_TLS_CERT_FILE" : "BOTENSTOFF_TLS_KEY_FILE";
  throw new BotenstoffError("CONFIG_INVALID", `reading ${missing}: not set, but the TLS settings beside it are`);
}

function atLeastASecond(name: string, text: string): number {
  const ms = durationOf(name, text);
  if (ms >= 1_000) return ms;
  throw new BotenstoffError("CONFIG_INVALID", `reading ${name}: at least one second (PT1S)`);
}

function durationOf(name: string, text: string): number {
  try {
    return parseDuration(text);
  } catch (cause) {
    throw new BotenstoffError("CONFIG_INVALID", `reading ${name}: not an ISO 8601 duration such as PT24H`, { cause });
  }
}

/** "unix:/run/clamav/clamd.ctl" or "tcp://host:3310". */
function readClamd(text: string): ClamdAddress {
  const path = /^unix:(\/.+)$/.exec(text)?.[1];
  if (path !== undefined) return { path };
  const url = URL.parse(text);
  if (url?.protocol === "tcp:" && url.hostname !== "" && url.port !== "") {
    return { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port) };
  }
  throw new BotenstoffError("CONFIG_INVALID", "reading BOTENSTOFF_CLAMD: expected unix:/path or tcp://host:port");
}
