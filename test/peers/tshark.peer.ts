import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { FRAME_END, FRAME_START } from "#src/hl7/frame.ts";
import { SPECIMENS } from "./specimens.ts";

const installed = [["tshark"], ["text2pcap"]].every(([tool = ""]) => spawnSync(tool, ["--version"]).status === 0);
/** What one TCP segment carries at most over Ethernet. */
const SEGMENT_BYTES = 1_400;

/** The dump text2pcap reads: each packet begins anew at offset 0. */
function dump(bytes: Buffer): string {
  const packets: string[] = [];
  for (let at = 0; at < bytes.length; at += SEGMENT_BYTES) {
    packets.push(
      `000000 ${bytes
        .subarray(at, at + SEGMENT_BYTES)
        .toString("hex")
        .replaceAll(/../g, "$& ")}\n`,
    );
  }
  return packets.join("");
}

/** The segments tshark's HL7 dissector finds in a TCP stream to port 2575. */
function dissect(stream: Buffer): { segments: string[]; malformed: boolean } {
  const directory = mkdtempSync(join(tmpdir(), "botenstoff-tshark-"));
  try {
    const file = join(directory, "stream.pcap");
    const written = spawnSync("text2pcap", ["-q", "-T", "40000,2575", "-", file], { input: dump(stream) });
    expect(written.status).toBe(0);
    const { stdout } = spawnSync("tshark", ["-r", file, "-d", "tcp.port==2575,hl7", "-V"], { encoding: "utf8" });
    return {
      segments: stdout.split("\n").flatMap((line) => /^ {4}([A-Z][A-Z0-9]{2})(?: \(|$)/.exec(line)?.[1] ?? []),
      malformed: stdout.includes("Malformed"),
    };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

(installed ? describe : describe.skip)(`tshark ${installed ? "" : "(not installed: skipped) "}`, () => {
  test.each(SPECIMENS.map((specimen) => [specimen.name, specimen] as const))(
    "sees one frame with its segments on the wire: %s",
    (_name, { bytes }) => {
      const { segments, malformed } = dissect(Buffer.concat([FRAME_START, bytes, FRAME_END]));
      expect(malformed).toBe(false);
      expect(segments).toEqual(
        bytes
          .toString("latin1")
          .split("\r")
          .filter(Boolean)
          .map((line) => line.slice(0, 3)),
      );
    },
  );
});
