import { encode } from "#src/hl7/encode.ts";
import { MllpSender } from "#src/wire/mllp/sender.ts";
import type { Ack } from "#src/hl7/ack.ts";
import type { Outgoing } from "#src/wire/mllp/connection.ts";
import type { Segment } from "#src/hl7/message.ts";

export interface Admission {
  readonly controlId: string;
  readonly patient: string;
  readonly familyName: string;
  readonly givenName: string;
  /** As a KIS writes it: "0151 12345678". */
  readonly phone: string;
  readonly caseNumber: string;
  /** ADT trigger; A01 unless told otherwise. */
  readonly trigger?: string;
  /** PV1-2; I unless told otherwise. */
  readonly caseClass?: string;
  /** PV1-3.1. */
  readonly ward?: string;
  /** Number of the patient that is merged into this one (MRG-1). */
  readonly retired?: string;
  /** PID-7: YYYYMMDD. */
  readonly birthDate?: string;
  /** When the KIS wrote it (MSH-7, EVN-2); now unless told otherwise. */
  readonly writtenAt?: Date;
}

export const AUTHORITY = "1.2.276.0.76.4.1";

/** Sends one ADT as the KIS's communication server would. Resolves with the acknowledgement, whatever it says. */
export async function sendAdt(port: number, admission: Admission): Promise<Ack> {
  const times = {
    connectTimeoutMs: 5_000,
    ackTimeoutMs: 40_000,
    applicationAckTimeoutMs: 40_000,
    maxIdleMs: 60_000,
    keepOpen: true,
  };
  const sender = new MllpSender({ host: "127.0.0.1", port, ...times }, 1);
  try {
    const { pieces } = encode({ segments: adt(admission) }, { charset: "UNICODE UTF-8" });
    const openBlob = () => {
      throw new Error("an ADT has no attachments");
    };
    const outgoing: Outgoing = {
      pieces: pieces.filter((piece) => Buffer.isBuffer(piece)),
      openBlob,
      controlId: admission.controlId,
      expects: "answer",
      consequence: () => "done",
    };
    const { ack } = await sender.send(outgoing, "adt", AbortSignal.timeout(45_000));
    if (!ack) throw new Error("sending an ADT: no acknowledgement");
    return ack;
  } finally {
    sender.close();
  }
}

function adt({
  controlId,
  patient,
  familyName,
  givenName,
  phone,
  caseNumber,
  trigger = "A01",
  caseClass = "I",
  ward = "",
  retired,
  birthDate = "19640812",
  writtenAt = new Date(),
}: Admission): Segment[] {
  const authority = ["HOSPITAL", AUTHORITY, "ISO"];
  const now = `${writtenAt.toISOString().replace(/[-:T]|\..*/g, "")}+0000`;
  const empty = (count: number) => Array<string>(count).fill("");
  return [
    {
      name: "MSH",
      fields: [
        "KIS",
        "HOSPITAL",
        "BOTENSTOFF",
        "",
        now,
        "",
        ["ADT", trigger, "ADT_A01"],
        controlId,
        "P",
        "2.5.1",
        ...empty(5),
        "UNICODE UTF-8",
      ],
    },
    { name: "EVN", fields: ["", now] },
    {
      name: "PID",
      fields: [
        "1",
        "",
        [patient, "", "", authority, "PI"],
        "",
        [familyName, givenName],
        "",
        birthDate,
        "F",
        ...empty(4),
        [phone, "PRN", "CP"],
      ],
    },
    ...(retired === undefined ? [] : [{ name: "MRG", fields: [[retired, "", "", authority, "PI"]] }]),
    { name: "PV1", fields: ["1", caseClass, ward, ...empty(15), [caseNumber, "", "", authority, "VN"]] },
  ];
}
