import { z } from "zod";
import { BotenstoffError } from "#src/message/error-code.ts";
import { parseDuration } from "#src/message/duration.ts";
import { Secret } from "#src/message/secret.ts";
import type { ClamdAddress } from "#src/pipeline/attachment/scanner.ts";

/** Everything the environment says (docs/configuration.md). An empty variable counts as absent. */
export interface Settings {
  readonly httpHost: string;
  readonly httpPort: number;
  readonly dataDir: string;
  /** Absent: the embedded PostgreSQL under `dataDir`. */
  readonly databaseUrl?: string;
  readonly channelsDir: string;
  readonly mappingsDir: string;
  readonly profilesDir: string;
  /** Absent: `/api` is closed. */
  readonly apiToken?: Secret;
  readonly masterKeyFile?: string;
  /** Absent: attachments are not scanned for malware. */
  readonly clamd?: ClamdAddress;
  readonly epochMs: number;
  /** How long a claimed lane belongs to an engine that does not say anything more. */
  readonly leaseMs: number;
  /** What the channels interpolate from. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

const ENVIRONMENT = z.object({
  BOTENSTOFF_HTTP_HOST: z.string().default("127.0.0.1"),
  BOTENSTOFF_HTTP_PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  BOTENSTOFF_DATA_DIR: z.string().default("./data"),
  DATABASE_URL: z.string().optional(),
  BOTENSTOFF_CHANNELS_DIR: z.string().default("channels"),
  BOTENSTOFF_HL7_PROFILES_DIR: z.string().optional(),
  BOTENSTOFF_API_TOKEN: z.string().optional(),
  BOTENSTOFF_MASTER_KEY_FILE: z.string().optional(),
  BOTENSTOFF_CLAMD: z.string().optional(),
  BOTENSTOFF_EPOCH: z.string().default("P1D"),
  BOTENSTOFF_LEASE: z.string().default("PT20S"),
});

/** Mappings stay in the project tree: Node strips types only outside node_modules. */
const MAPPINGS_DIR = "mappings";
const PROFILES_DIR = "config/hl7-profiles";

/**
 * Reads the engine's settings from the environment.
 * @throws BotenstoffError CONFIG_INVALID naming the variable
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = ENVIRONMENT.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new BotenstoffError("CONFIG_INVALID", `reading ${String(issue?.path[0])}: ${issue?.message ?? "not usable"}`);
  }
  const said = parsed.data;
  return {
    httpHost: said.BOTENSTOFF_HTTP_HOST,
    httpPort: said.BOTENSTOFF_HTTP_PORT,
    dataDir: said.BOTENSTOFF_DATA_DIR,
    channelsDir: said.BOTENSTOFF_CHANNELS_DIR,
    mappingsDir: new URL(`../${MAPPINGS_DIR}`, import.meta.url).pathname,
    profilesDir: said.BOTENSTOFF_HL7_PROFILES_DIR ?? new URL(`../${PROFILES_DIR}`, import.meta.url).pathname,
    epochMs: atLeastASecond("BOTENSTOFF_EPOCH", said.BOTENSTOFF_EPOCH),
    leaseMs: atLeastASecond("BOTENSTOFF_LEASE", said.BOTENSTOFF_LEASE),
    env: given,
    ...(said.BOTENSTOFF_CLAMD !== undefined && { clamd: readClamd(said.BOTENSTOFF_CLAMD) }),
    ...(said.DATABASE_URL !== undefined && { databaseUrl: said.DATABASE_URL }),
    ...(said.BOTENSTOFF_API_TOKEN !== undefined && { apiToken: new Secret(said.BOTENSTOFF_API_TOKEN) }),
    ...(said.BOTENSTOFF_MASTER_KEY_FILE !== undefined && { masterKeyFile: said.BOTENSTOFF_MASTER_KEY_FILE }),
  };
}

function atLeastASecond(name: string, text: string): number {
  const ms = parseDuration(text);
  if (ms >= 1_000) return ms;
  throw new BotenstoffError("CONFIG_INVALID", `reading ${name}: at least one second (PT1S)`);
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
