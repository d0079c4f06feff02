import { createPrivateKey, randomBytes, X509Certificate } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { issueServer, makeAuthority } from "#src/wire/tls/own-authority.ts";
import { alertsText, ALERT_PASSWORD } from "./alerts-text.ts";
import { OWN_TLS } from "./answers.ts";
import { ENVIRONMENT_FILES, environmentOf, valuesIn, withValues, type Values } from "./environment-file.ts";
import { fileStep, folderStep, type Step } from "./files.ts";
import { LATER, QUESTIONS, type Answers } from "./questions.ts";

const CHANNELS = new URL("../../../channels/", import.meta.url).pathname;
const AUTHORITY = { name: "Botenstoff", cert: join("tls", "ca.pem"), key: join("secrets", "tls-ca.key") } as const;
const AUTHORITY_DAYS = 3_650;
/** The longest that clients accept. */
const SERVER_DAYS = 397;
const RENEW_DAYS = 60;
const DAY_MS = 86_400_000;
const ABSENT = new Set([LATER, "none", "embedded"]);
const TOKEN_BYTES = 24;
const KEY_BYTES = 48;

/** What was drawn at random, where there was none. */
const DRAWN = ["BOTENSTOFF_API_TOKEN", "WHATSAPP_VERIFY_TOKEN"] as const;

interface Wish {
  readonly answers: Answers;
  /** What was said in so many words: it may change what stands. */
  readonly given: Answers;
  readonly now: Date;
  readonly renewTls: boolean;
}

/** Everything that has to be there, in the order it is made; nothing is changed yet. */
export function planFiles(folder: string, { answers, given, now, renewTls }: Wish): Step[] {
  const at = (name: string) => join(folder, name);
  const standing = environmentOf(folder);
  const values = valuesOf(folder, answers, standing);
  return [
    folderStep(folder, "open"),
    folderStep(at("secrets"), "secret"),
    folderStep(answers["data_folder"] ?? at("data"), "data"),
    fileStep(at(join("secrets", "master.key")), "secret", () => `${randomBytes(KEY_BYTES).toString("base64")}\n`),
    ...(answers["tls"] === "own" ? tls(folder, answers, now, renewTls) : []),
    ...channels(at("channels")),
    ...mailPassword(folder, answers),
    fileStep(at("alerts.yaml"), "open", alertsText(at("alerts.yaml"), folder, answers, given), "targets"),
    environment(at(ENVIRONMENT_FILES.plain), "open", values.plain, standing),
    environment(at(ENVIRONMENT_FILES.secret), "secret", values.secret, standing),
  ];
}

function environment(path: string, rank: "open" | "secret", values: Values, standing: Values): Step {
  const before = existsSync(path) ? readFileSync(path, "utf8") : "";
  const changed = Object.entries(values).filter(([name, value]) => (standing[name] ?? "") !== value);
  return fileStep(path, rank, withValues(before, values), changed.map(([name]) => name).join(", "));
}

/** The settings that the answers stand for. What stands and is not asked about stays. */
function valuesOf(folder: string, answers: Answers, standing: Values): { plain: Values; secret: Values } {
  const plain: Record<string, string> = {};
  const secret: Record<string, string> = {};
  const inPlain = valuesIn(folder, "plain");
  for (const { name, variable, secret: closed } of QUESTIONS) {
    if (variable === undefined) continue;
    const answer = answers[name];
    const value = answer === undefined || ABSENT.has(answer) ? "" : answer;
    // An empty variable counts as absent: what was never set need not be emptied.
    if (value !== "" || (standing[variable] ?? "") !== "") {
      // Somebody who wrote it there wants it there.
      (closed && !(variable in inPlain) ? secret : plain)[variable] = value;
    }
  }
  const fixed: Record<string, string> = {
    BOTENSTOFF_CHANNELS_DIR: join(folder, "channels"),
    BOTENSTOFF_MASTER_KEY_FILE: join(folder, "secrets", "master.key"),
    BOTENSTOFF_ALERTS_FILE: join(folder, "alerts.yaml"),
    BOTENSTOFF_ACCESS_FILE: join(folder, "access.yaml"),
  };
  for (const [name, value] of Object.entries(fixed)) plain[name] = standing[name] ?? value;
  if (answers["tls"] === "own") {
    plain["BOTENSTOFF_TLS_CERT_FILE"] = join(folder, OWN_TLS.cert);
    plain["BOTENSTOFF_TLS_KEY_FILE"] = join(folder, OWN_TLS.key);
  }
  for (const name of DRAWN) secret[name] = standing[name] ?? randomBytes(TOKEN_BYTES).toString("hex");
  return { plain, secret };
}

/** The shipped channels, for a folder without any. */
function channels(folder: string): Step[] {
  if (existsSync(folder) && readdirSync(folder).length > 0) return [folderStep(folder, "open")];
  const inside = readdirSync(CHANNELS, { recursive: true, encoding: "utf8" }).sort();
  return [
    folderStep(folder, "open"),
    ...inside.map((name) =>
      statSync(join(CHANNELS, name)).isDirectory()
        ? folderStep(join(folder, name), "open")
        : fileStep(join(folder, name), "open", readFileSync(join(CHANNELS, name), "utf8")),
    ),
  ];
}

function mailPassword(folder: string, { alert_mail_password: password = "none" }: Answers): Step[] {
  if (ABSENT.has(password)) return [];
  return [fileStep(join(folder, ALERT_PASSWORD), "secret", `${password}\n`, "the password of the mail server")];
}

/** An authority, once, and a certificate by it; another one when it is asked for, or when there is none. */
function tls(folder: string, { public_name: name = "localhost" }: Answers, now: Date, renew: boolean): Step[] {
  const [cert, key] = [join(folder, OWN_TLS.cert), join(folder, OWN_TLS.key)];
  const known = existsSync(join(folder, AUTHORITY.key)) && existsSync(join(folder, AUTHORITY.cert));
  const authority = known
    ? { cert: "", key: readFileSync(join(folder, AUTHORITY.key), "utf8") }
    : makeAuthority({ name: AUTHORITY.name, from: now, days: AUTHORITY_DAYS });
  const stands = known && existsSync(cert) && existsSync(key) && !renew;
  const steps = [
    folderStep(join(folder, "tls"), "open"),
    fileStep(join(folder, AUTHORITY.key), "secret", () => authority.key),
    fileStep(join(folder, AUTHORITY.cert), "open", () => authority.cert),
  ];
  if (stands) return [...steps, keptCertificate(cert, now), fileStep(key, "secret", () => "")];
  const hosts = [...new Set([name, "localhost", "127.0.0.1", "::1"])];
  const issued = issueServer(
    { name: AUTHORITY.name, key: createPrivateKey(authority.key) },
    { name: isIP(name) === 0 ? name : "localhost", hosts, from: now, days: SERVER_DAYS },
  );
  return [...steps, fileStep(key, "secret", issued.key, "renewed"), fileStep(cert, "open", issued.cert, "renewed")];
}

function keptCertificate(path: string, now: Date): Step {
  const step = fileStep(path, "open", () => "");
  const { validToDate } = new X509Certificate(readFileSync(path));
  if (validToDate.getTime() - now.getTime() > RENEW_DAYS * DAY_MS) return step;
  const ends = validToDate.toISOString().slice(0, 10);
  return { ...step, detail: `it ends on ${ends}; --renew-tls makes another one` };
}
