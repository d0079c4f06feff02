import { globSync, readFileSync } from "node:fs";
import { buildAck } from "#src/hl7/ack.ts";
import type { Charset } from "#src/hl7/charset.ts";
import { encode } from "#src/hl7/encode.ts";
import type { Hl7Message } from "#src/hl7/message.ts";
import { parseHl7 } from "#src/hl7/parse.ts";

/** A message as the engine writes it, and some of the values it was made of. */
export interface Specimen {
  readonly name: string;
  readonly bytes: Buffer;
  readonly charset: Charset;
  /** Plain text by place: segment, field, component; all counted from 1. */
  readonly values: readonly (readonly [segment: string, field: number, component: number, value: string])[];
}

/** Every character HL7 gives a meaning to, and what patients write besides. */
const AWKWARD = "a|b^c&d~e\\f # \\X0D\\ \\.br\\ ß ä € é";

function message(charset: Charset, extra: readonly string[] = []): Hl7Message {
  return {
    segments: [
      {
        name: "MSH",
        // MSH-3 to MSH-18.
        fields: [
          "BOTENSTOFF",
          "",
          "KIS",
          "",
          "20260101120000+0000",
          "",
          ["MDM", "T02", "MDM_T02"],
          "CONTROL0000000000001",
          "P",
          "2.5.1",
          ...Array<string>(5).fill(""),
          charset,
        ],
      },
      { name: "EVN", fields: ["", "20260101120000+0000"] },
      { name: "PID", fields: ["1", "", ["P-1", "", "", ["", "1.2.276.0.76.4.1", "ISO"], "PI"], "", ["Groß", "Jörg"]] },
      { name: "PV1", fields: ["1", "N"] },
      { name: "TXA", fields: ["1", "CN", "TX"] },
      {
        name: "OBX",
        fields: ["1", "TX", ["TEXT", "Text", "L"], "1", [AWKWARD, ...extra], ...Array<string>(5).fill(""), "F"],
      },
    ],
  };
}

function specimen(name: string, charset: Charset): Specimen {
  const { pieces } = encode(message(charset), { charset });
  const bytes = Buffer.concat(pieces.filter((piece) => Buffer.isBuffer(piece)));
  return {
    name,
    bytes,
    charset,
    values: [
      ["PID", 5, 1, "Groß"],
      ["PID", 3, 1, "P-1"],
      ["OBX", 5, 1, charset === "8859/1" ? AWKWARD.replace("€", "?") : AWKWARD],
    ],
  };
}

function acknowledgement(): Specimen {
  const to = parseHl7(specimen("", "UNICODE UTF-8").bytes);
  const error = { code: "101", segment: "PID", field: 3, text: "fehlt | gänzlich" };
  return {
    name: "an acknowledgement that names segment and field",
    bytes: buildAck(to, "AE", new Date(0), error),
    charset: "UNICODE UTF-8",
    values: [
      ["MSA", 1, 1, "AE"],
      ["MSA", 2, 1, "CONTROL0000000000001"],
      ["ERR", 2, 1, "PID"],
      ["ERR", 8, 1, "fehlt | gänzlich"],
    ],
  };
}

/** The golden examples of every mapping that makes HL7. */
function goldens(): Specimen[] {
  return globSync("mappings/*/examples/*/out.hl7").map((path) => ({
    name: path,
    // Golden files end their segments so that people can read them; on the wire it is CR.
    bytes: Buffer.from(readFileSync(path, "latin1").replaceAll(/\r?\n|\r/g, "\r"), "latin1"),
    charset: parseHl7(readFileSync(path)).charset,
    values: [],
  }));
}

export const SPECIMENS: readonly Specimen[] = [
  specimen("an MDM in UTF-8", "UNICODE UTF-8"),
  specimen("an MDM in 8859/1", "8859/1"),
  specimen("an MDM in 8859/15", "8859/15"),
  acknowledgement(),
  ...goldens(),
];
