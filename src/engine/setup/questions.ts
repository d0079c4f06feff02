import { hostname } from "node:os";
import { z } from "zod";
import { isLoopback } from "#src/message/loopback.ts";
import { plainHttp } from "#src/wire/http/plain.ts";

/** What setup wants to know. */
export interface Question {
  /** As in an answers file. */
  readonly name: string;
  readonly ask: string;
  /** The setting it becomes; absent: it decides about files. */
  readonly variable?: string;
  /** Not shown while typed, and kept where only the service may read. */
  readonly secret?: true;
  /** What serves where nobody says anything; "later": it is left out, and what needs it does not run yet. */
  readonly byDefault: string | ((answers: Answers) => string);
  readonly fits: z.ZodType<string>;
  /** Not asked, and left out, where it has no meaning. */
  readonly when?: (answers: Answers) => boolean;
}

/** By the names of the questions; `folder` is known before the first. */
export type Answers = Readonly<Record<string, string | undefined>>;

export const LATER = "later";
/** Where the Debian package has its settings. */
export const PACKAGED_FOLDER = "/etc/botenstoff";

const line = z.string().regex(/^[^\r\n\0]*$/, "One line");
const port = line.refine((text) => /^\d{1,5}$/.test(text) && Number(text) < 65_536, "A port: 0 to 65535");
const url = (protocol: RegExp) =>
  z.union([z.literal([LATER, "none"]), z.url({ protocol, error: "An address with its scheme" })]);
const oneOf = (...words: readonly string[]) =>
  line.refine((text) => words.includes(text), `One of: ${words.join(", ")}`);
const isLocal = ({ listen_host: host = "" }: Answers) => isLoopback(host);
const isApart = (answers: Answers, part: string) => answers[`${part}_port`] !== "none";
/** Whether a listener of a part's own is reached from other machines. */
const isFar = (answers: Answers, part: string) =>
  isApart(answers, part) && !isLoopback(answers[`${part}_host`] ?? answers["listen_host"] ?? "");
const isFarAnywhere = (answers: Answers) => !isLocal(answers) || PARTS_APART.some((part) => isFar(answers, part));
const wantsMail = ({ alert_mail_server: server = "none" }: Answers) => server !== "none" && server !== LATER;

const PARTS_APART = ["webhooks", "metrics"] as const;

/** A listener of its own: so that what lies in front of it sees nothing else. */
function apart(part: (typeof PARTS_APART)[number], who: string): readonly Question[] {
  const variable = `BOTENSTOFF_${part.toUpperCase()}`;
  return [
    {
      name: `${part}_port`,
      ask: `A port of its own for ${part}, so that ${who} sees nothing else, or: none`,
      variable: `${variable}_PORT`,
      byDefault: "none",
      fits: z.union([z.literal("none"), port]),
    },
    {
      name: `${part}_host`,
      ask: `Its address`,
      variable: `${variable}_HOST`,
      byDefault: ({ listen_host: host = "" }) => host,
      fits: line.min(1),
      when: (answers) => isApart(answers, part),
    },
  ];
}

function apartInPlain(part: (typeof PARTS_APART)[number]): Question {
  return {
    name: `${part}_plain_because`,
    ask: `Why plain HTTP off this machine is right for ${part}`,
    variable: `BOTENSTOFF_${part.toUpperCase()}_INSECURE`,
    byDefault: "a reverse proxy in front of it brings TLS",
    fits: line.min(10, "A few words"),
    when: (answers) => answers["tls"] === "none" && isFar(answers, part),
  };
}

/** In the order they are asked. */
export const QUESTIONS: readonly Question[] = [
  {
    name: "data_folder",
    ask: "Folder for keys, pictures and, without a PostgreSQL of its own, the database",
    variable: "BOTENSTOFF_DATA_DIR",
    byDefault: ({ folder = "" }) => (folder === PACKAGED_FOLDER ? "/var/lib/botenstoff" : `${folder}/data`),
    fits: line.startsWith("/", "A path from the root on"),
  },
  {
    name: "database",
    ask: "PostgreSQL, postgres://user:password@host/database, or: embedded",
    variable: "DATABASE_URL",
    secret: true,
    byDefault: "embedded",
    fits: z.union([z.literal("embedded"), z.url({ protocol: /^postgres(ql)?$/, error: "embedded, or postgres://…" })]),
  },
  {
    name: "listen_host",
    ask: "Address to listen on; 0.0.0.0: all of this machine",
    variable: "BOTENSTOFF_HTTP_HOST",
    byDefault: "127.0.0.1",
    fits: line.min(1),
  },
  { name: "listen_port", ask: "Port", variable: "BOTENSTOFF_HTTP_PORT", byDefault: "8080", fits: port },
  ...apart("webhooks", "a DMZ"),
  ...apart("metrics", "Prometheus"),
  {
    name: "tls",
    ask: "TLS: none, own (an authority of its own), or files (you have a certificate)",
    byDefault: (answers) => (isFarAnywhere(answers) ? "own" : "none"),
    fits: oneOf("none", "own", "files"),
  },
  {
    name: "public_name",
    ask: "Name by which others reach this machine; it stands in the certificate",
    byDefault: () => hostname(),
    fits: line.min(1),
    when: ({ tls }) => tls === "own",
  },
  {
    name: "tls_cert_file",
    ask: "Certificate, PEM, with those between it and its authority",
    variable: "BOTENSTOFF_TLS_CERT_FILE",
    byDefault: LATER,
    fits: line,
    when: ({ tls }) => tls === "files",
  },
  {
    name: "tls_key_file",
    ask: "Its key, PEM",
    variable: "BOTENSTOFF_TLS_KEY_FILE",
    byDefault: LATER,
    fits: line,
    when: ({ tls }) => tls === "files",
  },
  {
    name: "plain_http_because",
    ask: "Why plain HTTP off this machine is right here",
    variable: "BOTENSTOFF_HTTP_INSECURE",
    byDefault: "a reverse proxy in front of it brings TLS",
    fits: line.min(10, "A few words"),
    when: (answers) => answers["tls"] === "none" && !isLocal(answers),
  },
  ...PARTS_APART.map(apartInPlain),
  {
    name: "proxy",
    ask: "Proxy to the internet, http://user:password@host:port, or: none",
    variable: "HTTPS_PROXY",
    secret: true,
    byDefault: "none",
    fits: url(/^https?$/),
  },
  {
    name: "whatsapp_phone_number_id",
    ask: "WhatsApp: id of the business number in the Cloud API",
    variable: "WHATSAPP_PHONE_NUMBER_ID",
    byDefault: LATER,
    fits: line,
  },
  {
    name: "whatsapp_app_secret",
    ask: "WhatsApp: secret of the Meta app",
    variable: "WHATSAPP_APP_SECRET",
    secret: true,
    byDefault: LATER,
    fits: line,
  },
  {
    name: "whatsapp_access_token",
    ask: "WhatsApp: token of the system user that may read media",
    variable: "WHATSAPP_ACCESS_TOKEN",
    secret: true,
    byDefault: LATER,
    fits: line,
  },
  {
    name: "whatsapp_graph_url",
    ask: "WhatsApp: Graph API",
    variable: "WHATSAPP_GRAPH_URL",
    byDefault: "https://graph.facebook.com",
    fits: url(/^https?$/),
  },
  {
    name: "kis_fhir_url",
    ask: "KIS: base URL of its FHIR R4 server",
    variable: "KIS_FHIR_URL",
    byDefault: LATER,
    fits: url(/^https?$/),
  },
  {
    name: "kis_fhir_plain_because",
    ask: "Why plain HTTP to the KIS's FHIR server is right here",
    variable: "KIS_FHIR_INSECURE",
    byDefault: LATER,
    fits: line.min(10, "A few words"),
    when: ({ kis_fhir_url: address = LATER }) => plainHttp(address, undefined) !== undefined,
  },
  {
    name: "kis_mllp_host",
    ask: "KIS: host that takes MDM messages",
    variable: "KIS_MLLP_HOST",
    byDefault: LATER,
    fits: line,
  },
  { name: "kis_mllp_port", ask: "KIS: its port", variable: "KIS_MLLP_PORT", byDefault: "2575", fits: port },
  {
    name: "adt_mllp_port",
    ask: "Port on which the KIS sends us ADT messages",
    variable: "ADT_MLLP_PORT",
    byDefault: "2576",
    fits: port,
  },
  { name: "alert_language", ask: "Language of alerts: de, en", byDefault: "de", fits: oneOf("de", "en") },
  {
    name: "alert_mail_server",
    ask: "Mail server for alerts, smtp://host:25 or smtps://host:465, or: none",
    byDefault: "none",
    fits: url(/^smtps?$/),
  },
  { name: "alert_mail_user", ask: "Its user, or: none", byDefault: "none", fits: line, when: wantsMail },
  {
    name: "alert_mail_password",
    ask: "Its password, or: none",
    secret: true,
    byDefault: "none",
    fits: line,
    when: wantsMail,
  },
  {
    name: "alert_mail_from",
    ask: "Sender of alerts",
    byDefault: () => `botenstoff@${hostname()}.example`,
    fits: z.email(),
    when: wantsMail,
  },
  {
    name: "alert_mail_to",
    ask: "Who is told of alerts",
    byDefault: ({ alert_mail_from: from = "" }) => from,
    fits: z.email(),
    when: wantsMail,
  },
];
