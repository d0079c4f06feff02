import { spawnSync } from "node:child_process";
import { describe, expect, test } from "@jest/globals";
import { SPECIMENS } from "./specimens.ts";

/** Debian's own interpreter: the package python3-hl7 installs for that one. */
const PYTHON = "/usr/bin/python3";
const installed = spawnSync(PYTHON, ["-c", "import hl7"]).status === 0;
const ENCODINGS: Readonly<Record<string, string>> = {
  "UNICODE UTF-8": "utf-8",
  "8859/1": "iso-8859-1",
  "8859/15": "iso-8859-15",
  CP1252: "cp1252",
};

const PROGRAM = `
import hl7, json, sys
asked = json.loads(sys.argv[1])
raw = sys.stdin.buffer.read()
message = hl7.parse(raw, encoding=asked["encoding"])
values = [hl7.parse(raw, encoding=asked["encoding"]).extract_field(s, 1, f, 1, c, 1) for s, f, c in asked["places"]]
same = str(message).encode(asked["encoding"]).rstrip(b"\\r") == raw.rstrip(b"\\r")
ack = str(message.create_ack("AA", message_id="1"))
print(json.dumps({"names": [str(segment[0]) for segment in message], "values": values, "same": same, "ack": ack}))
`;

(installed ? describe : describe.skip)(`python3-hl7 ${installed ? "" : "(not installed: skipped) "}`, () => {
  test.each(SPECIMENS.map((specimen) => [specimen.name, specimen] as const))(
    "reads %s, finds our values in it and writes the same bytes",
    (_name, { bytes, charset, values }) => {
      const asked = { encoding: ENCODINGS[charset], places: values.map(([s, f, c]) => [s, f, c]) };
      const { stdout, stderr } = spawnSync(PYTHON, ["-c", PROGRAM, JSON.stringify(asked)], { input: bytes });
      expect(stderr.toString()).toBe("");
      const said = JSON.parse(stdout.toString());
      expect(said.same).toBe(true);
      expect(said.values).toEqual(values.map(([, , , value]) => value));
      expect(said.names).toEqual(
        bytes
          .toString("latin1")
          .split("\r")
          .filter(Boolean)
          .map((line) => line.slice(0, 3)),
      );
      expect(said.ack).toContain("MSA|AA|");
    },
  );
});
