import { hostname } from "node:os";
import type { JournalRow } from "#src/store/sql/journal.ts";
import { auditEventOf } from "./audit-event.ts";
import type { Who } from "./journal.ts";

export const SYSLOG_FORMATS = ["fhir", "structured"] as const;
export type SyslogFormat = (typeof SYSLOG_FORMATS)[number];

/** Facility 10 (security), severity 5 (notice), as IHE ATNA has it. */
const PRIORITY = 10 * 8 + 5;
/** The enterprise number of documentation (RFC 5612): there is none of our own. */
const ENTERPRISE = 32473;
const MAX_ID = 32;

/**
 * A line of the journal as a syslog message (RFC 5424). The structured data names the line and its hash in the chain, so
 * that a collector finds what came twice and what is missing; the message is a FHIR AuditEvent, or the rest as structured
 * data as well.
 */
export function syslogOf(row: JournalRow, who: Who | null, format: SyslogFormat): Buffer {
  const { seq, action, actor, subject } = row;
  const { who: _hash, ...detail } = row.detail;
  const line = element("journal", { seq, hash: row.hash.toString("hex"), actor, subject });
  const rest = who ? { ...who, roles: who.roles.join(" ") } : {};
  const data = format === "fhir" ? line : `${line}${element("who", rest)}${element("detail", detail)}`;
  const said = format === "fhir" ? JSON.stringify(auditEventOf(row, who)) : `${action} ${subject}`;
  const host = word(hostname(), 255);
  const text = `<${PRIORITY}>1 ${row.at.toISOString()} ${host} botenstoff - ${word(action, MAX_ID)} ${data} ${clean(said)}`;
  return Buffer.from(text);
}

function element(name: string, values: Readonly<Record<string, string | number | boolean | null>>): string {
  const given = Object.entries(values).filter(([, value]) => value !== null);
  if (given.length === 0) return "";
  const pairs = given.map(([key, value]) => ` ${word(key, MAX_ID)}="${escaped(String(value))}"`);
  return `[${name}@${ENTERPRISE}${pairs.join("")}]`;
}

/** RFC 5424 §6.3.3. */
function escaped(value: string): string {
  return clean(value).replaceAll(/["\\\]]/g, String.raw`\$&`);
}

/** Receivers that read by lines take a line feed for the end. */
function clean(text: string): string {
  // eslint-disable-next-line no-control-regex -- these are what is taken out
  return text.replaceAll(/[\u0000-\u001f\u007f]/g, " ");
}

/** A name as RFC 5424 takes it: printable ASCII without a blank, "=", "]" or a quote. */
function word(text: string, most: number): string {
  return text.replaceAll(/[^!#-<>-\\^-~]/g, "_").slice(0, most) || "-";
}
