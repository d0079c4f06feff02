import { randomUUID } from "node:crypto";
import type { CountryCode } from "libphonenumber-js";
import { consequenceOf } from "#src/hl7/ack-consequence.ts";
import type { ClientTls } from "#src/wire/tls/client-tls.ts";
import { encode } from "#src/hl7/encode.ts";
import type { Segment } from "#src/hl7/message.ts";
import { parseHl7 } from "#src/hl7/parse.ts";
import { patientOf } from "#src/hl7/pid.ts";
import { MllpSender } from "#src/wire/mllp/sender.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { isSamePhone } from "#src/message/comparable-phone.ts";
import { spellings, type FoundPatient, type PatientLookup } from "../lookup.ts";

export interface PdqLookupSettings {
  readonly host: string;
  readonly port: number;
  readonly connectTimeoutMs: number;
  readonly answerTimeoutMs: number;
  /** Absent: plain TCP. */
  readonly tls?: ClientTls;
  readonly country: CountryCode;
  /** MSH-3 to MSH-6. */
  readonly header: readonly [string, string, string, string];
  /** QPD-1.1. */
  readonly queryName: string;
  /** QPD-3.1: by which field the supplier searches a number. */
  readonly field: string;
  /** Authority of identifiers that name none. */
  readonly defaultAuthority: string;
  readonly freshForMs: number;
}

/** More patients than this on one number are none that could be told apart. */
const MOST = 10;
/** Firewalls forget idle connections after minutes. */
const MOST_IDLE_MS = 60_000;

/** Patient look-up by HL7 v2 QBP^Q22, answered by RSP^K22 (HL7 v2.5 §3.3.57, IHE ITI-21). */
export function openPdqLookup(settings: PdqLookupSettings): PatientLookup {
  const { answerTimeoutMs: ackTimeoutMs } = settings;
  const times = { ackTimeoutMs, applicationAckTimeoutMs: ackTimeoutMs, maxIdleMs: MOST_IDLE_MS, keepOpen: true };
  const sender = new MllpSender({ ...settings, ...times }, 1);
  return {
    freshForMs: settings.freshForMs,
    find: async (phone, signal) => {
      const found = new Map<string, FoundPatient>();
      // QPD-3 joins its parameters by "and": each spelling is a query of its own.
      for (const spelling of spellings(phone, settings.country)) {
        for (const patient of await ask(sender, settings, spelling, signal)) {
          if (!patient.phones.some((number) => isSamePhone(number, phone))) continue;
          found.set(JSON.stringify(patient.identifiers), patient);
        }
      }
      return [...found.values()];
    },
    close: () => {
      sender.close();
      return Promise.resolve();
    },
  };
}

async function ask(
  sender: MllpSender,
  settings: PdqLookupSettings,
  number: string,
  signal: AbortSignal,
): Promise<FoundPatient[]> {
  const controlId = randomUUID().replaceAll("-", "").slice(0, 20);
  const { pieces } = encode({ segments: query(settings, controlId, number) }, { charset: "UNICODE UTF-8" });
  const { answer } = await sender.send(
    {
      pieces: pieces.filter((piece) => Buffer.isBuffer(piece)),
      controlId,
      openBlob: () => {
        throw new BotenstoffError("MAPPING_FAILED", "looking a patient up by PDQ: a query has no attachment");
      },
      expects: "answer",
      consequence: (ack) => consequenceOf(ack, { applicationAckDue: true, onReject: "park" }),
    },
    // One connection, so one lane.
    "",
    signal,
  );
  return read(answer, settings);
}

function query({ header, queryName, field }: PdqLookupSettings, controlId: string, number: string): Segment[] {
  const now = `${new Date().toISOString().replace(/[-:T]|\..*/g, "")}+0000`;
  const silent = ["", "", "", "", ""];
  return [
    {
      name: "MSH",
      fields: [...header, now, "", ["QBP", "Q22", "QBP_Q21"], controlId, "P", "2.5", ...silent, "UNICODE UTF-8"],
    },
    { name: "QPD", fields: [queryName, controlId, [field, number]] },
    { name: "RCP", fields: ["I", [String(MOST), "RD"]] },
  ];
}

/** QAK-2: OK, NF (nobody), AE, AR (table 0208). */
function read(raw: Buffer, { country, defaultAuthority }: PdqLookupSettings): FoundPatient[] {
  const message = parseHl7(raw);
  const status = message.value("QAK", 2);
  if (status === "NF") return [];
  if (status !== "OK") throw refused(`answered QAK ${/^[A-Z]{2}$/.test(status) ? status : "unreadable"}`);
  if (message.value("DSC", 1) !== "") throw refused(`more than ${MOST} patients`);
  const rules = { country, defaultAuthority, authorities: {} };
  return message.segments
    .filter((name) => name === "PID")
    .map((_, nth) => {
      const { phones, ...patient } = patientOf((...at) => message.repetitions(...at), rules, nth);
      if (patient.identifiers.length === 0) throw refused("a patient has no identifier");
      return { ...patient, phones: Object.values(phones ?? {}).flat() };
    });
}

function refused(reason: string): BotenstoffError {
  return new BotenstoffError("DESTINATION_REFUSED", `looking a patient up by PDQ: ${reason}`);
}
