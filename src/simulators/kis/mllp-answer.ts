import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { FRAME_END, FRAME_START } from "#src/hl7/frame.ts";

/** How the receiver treats the next message; each is used up by one message. */
export type MllpBehaviour =
  | keyof typeof REFUSALS
  | keyof typeof ACCEPTANCES
  | "stale"
  | "missing"
  | "hang-up-after-read"
  | "garbage"
  | "split"
  | "lf-without-vt"
  | "with-warning"
  | "then-hang-up"
  | "CA-then-AA-elsewhere"
  | "wrong-control-id"
  | { readonly lateMs: number };

/** Refusals, with the ERR (or MSA) that explains them: nothing is filed. */
const REFUSALS = {
  AE: { code: "AE", rest: "|\rERR||PID^1^3|101^^HL70357|E\r" },
  "AE-in-words": { code: "AE", rest: "|Aufnahmeart fehlt\rERR||PID^1^3|101^^HL70357|E\r" },
  AR: { code: "AR", rest: "|\rERR||MSH^1^9|200^^HL70357|E\r" },
  CE: { code: "CE", rest: "|\rERR|||102^^HL70357|E\r" },
  CR: { code: "CR", rest: "|\rERR||MSH^1^12|203^^HL70357|E\r" },
  "AR-without-reason": { code: "AR", rest: "\r" },
  "AR-about-content": { code: "AR", rest: "|\rERR||TXA^1^2|103^^HL70357|E\r" },
  "AR-down": { code: "AR", rest: "|interface is down\r" },
  "AE-of-2.3": { code: "AE", rest: "|bad|||204^unknown key\r" },
  "AE-in-the-old-form": { code: "AE", rest: "\rERR|PID^1^3^206&locked&HL70357\r" },
  "AE-twice": { code: "AE", rest: "\rERR|||207^^HL70357|E\rERR||PID^1^5|101^^HL70357|E\r" },
  "busy-206": { code: "AE", rest: "\rERR|||206^^HL70357|E\r" },
  "busy-207": { code: "AE", rest: "\rERR|||207^^HL70357|E\r" },
  "unknown-patient-204": { code: "AE", rest: "\rERR||PID^1^3|204^^HL70357|E\r" },
  "duplicate-205": { code: "AE", rest: "\rERR||MSH^1^10|205^Duplicate key identifier^HL70357|E\r" },
  "duplicate-205-elsewhere": { code: "AE", rest: "\rERR||PID^1^3|205^^HL70357|E\r" },
  "duplicate-in-words": { code: "AR", rest: "|Dokument bereits vorhanden\r" },
  "unknown-in-words": { code: "AE", rest: "|Patient nicht gefunden\r" },
  "own-code": { code: "AE", rest: "|x\rERR|||KIS17^besetzt^99KIS|E\r" },
  "negative-commit": { code: "\x15", rest: "" },
} as const;

/** Ways to say yes: the document is filed. */
const ACCEPTANCES = {
  ack: ["AA"],
  "ack-padded": ["AA "],
  "ack-in-blanks": [" AA"],
  twice: ["AA", "AA"],
  "commit-block-first": ["\x06", "AA"],
  CA: ["CA"],
  "CA-then-AA": ["CA", "AA"],
  "CA-then-nothing": ["CA"],
} as const;

/** Whether the KIS has filed the document, whatever its answer then looks like. */
export function files(behaviour: MllpBehaviour): boolean {
  return typeof behaviour === "object" || (behaviour !== "stale" && !(behaviour in REFUSALS));
}

interface Question {
  readonly controlId: string;
  /** Of the message before, for `stale`. */
  readonly previous: string;
  /** Where application acknowledgements go that do not come on the same connection. */
  readonly applicationAckPort: number | undefined;
}

type Odd = (socket: Socket, question: Question) => void | Promise<void>;

/** What is no plain sequence of acknowledgements. */
const ODD: Readonly<Partial<Record<string, Odd>>> = {
  missing: () => undefined,
  "hang-up-after-read": (socket) => void socket.destroy(),
  garbage: (socket) => void socket.write(framed("this is not HL7")),
  "wrong-control-id": (socket, { controlId }) => {
    // A derived control id begins with any digit or letter: it must be another one in any case.
    const first = controlId.startsWith("X") ? "Y" : "X";
    socket.write(framed(ack("AA", `${first}${controlId.slice(1)}`)));
  },
  stale: (socket, { previous }) => void socket.write(framed(ack("AA", previous))),
  split: async (socket, { controlId }) => {
    for (const byte of framed(ack("AA", controlId))) {
      socket.write(Buffer.from([byte]));
      await sleep(1);
    }
  },
  "lf-without-vt": (socket, { controlId }) =>
    void socket.write(framed(ack("AA", controlId).replaceAll("\r", "\n")).subarray(1)),
  "with-warning": (socket, { controlId }) =>
    void socket.write(framed(ack("AA", controlId, "\rERR|||207^^HL70357|W\r"))),
  "then-hang-up": (socket, { controlId }) => void socket.end(framed(ack("AA", controlId))),
  "CA-then-AA-elsewhere": async (socket, { controlId, applicationAckPort }) => {
    socket.write(framed(ack("CA", controlId)));
    await sendElsewhere(applicationAckPort ?? 0, ack("AA", controlId));
  },
};

/** Answers one message on its connection, as well or as badly as told. */
export async function answer(socket: Socket, behaviour: MllpBehaviour, question: Question): Promise<void> {
  const { controlId } = question;
  if (typeof behaviour === "object") {
    await sleep(behaviour.lateMs);
    socket.write(framed(ack("AA", controlId)));
  } else if (behaviour in REFUSALS) {
    const { code, rest } = REFUSALS[behaviour as keyof typeof REFUSALS];
    socket.write(framed(ack(code, controlId, rest)));
  } else if (ODD[behaviour]) {
    await ODD[behaviour](socket, question);
  } else {
    for (const code of ACCEPTANCES[behaviour as keyof typeof ACCEPTANCES]) {
      socket.write(framed(ack(code, controlId)));
      await sleep(2);
    }
  }
}

/** A commit block where the code is one byte. @param rest of MSA after MSA-2, and what follows it */
function ack(code: string, controlId: string, rest = "\r"): string {
  if (code.length === 1) return code;
  return `MSH|^~\\&|KIS|HOSPITAL|BOTENSTOFF||20260101000000||ACK|A${controlId.slice(1)}|P|2.5.1\rMSA|${code}|${code.trim() === code ? controlId : ` ${controlId} `}${rest}`;
}

function framed(text: string): Buffer {
  return Buffer.concat([FRAME_START, Buffer.from(text), FRAME_END]);
}

function sendElsewhere(port: number, text: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port }, () => socket.end(framed(text)));
    socket.on("error", () => undefined);
    socket.resume().on("close", resolve);
  });
}
