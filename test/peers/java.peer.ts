import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import PDFDocument from "pdfkit";
import { writeExhibits } from "./exhibits.ts";

const missing = ["java", "mvn"].filter((tool) => spawnSync(tool, ["-version"]).status !== 0);

const OWN_RULES = "own-fields.hl7";
/** Fetches what it needs from Maven Central at its first run. */
const LONG_MS = 300_000;

(missing.length === 0 ? describe : describe.skip)(
  `HAPI HL7v2 and veraPDF ${missing.length === 0 ? "" : `(${missing.join(", ")} not installed: skipped) `}`,
  () => {
    let work: string;
    beforeAll(() => void (work = mkdtempSync(join(tmpdir(), "peers-"))));
    afterAll(() => rmSync(work, { recursive: true }));

    it(
      "read every golden MDM by the structure of its version and by our conformance profile, write the same bytes, and " +
        "find every drawing PDF/A-2b",
      async () => {
        // A hospital's own rules may leave the standard, and those of this example do.
        const names = (await writeExhibits(join(work, "exhibits"))).filter((name) => name !== OWN_RULES);
        rmSync(join(work, "exhibits", OWN_RULES));
        const { verdicts, status } = judge(join(work, "exhibits"));
        expect(verdicts.filter((line) => !line.startsWith("ok"))).toEqual([]);
        expect(verdicts).toHaveLength(names.length);
        expect(status).toBe(0);
      },
      LONG_MS,
    );

    it(
      "find what is wrong: a structure that does not exist, a segment out of place, a PDF that is no PDF/A, a number that is " +
        "too long, a code of no table",
      async () => {
        const folder = join(work, "faults");
        const header = (structure: string) =>
          `MSH|^~\\&|A||B||20260101||MDM^T02^${structure}|1|P|2.5.1||||||UNICODE UTF-8\rEVN||20260101\rPID|1||1\r`;
        const kept = [OWN_RULES, "international-image.hl7"];
        const others = (await writeExhibits(folder)).filter((name) => !kept.includes(name));
        others.forEach((name) => rmSync(join(folder, name)));
        const image = readFileSync(join(folder, "international-image.hl7"), "latin1");
        writeFileSync(join(folder, "table.hl7"), image.replace("^IM^JPEG^", "^image^JPEG^"), "latin1");
        writeFileSync(join(folder, "structure.hl7"), `${header("MDM_T05")}PV1|1|N\rTXA|1|CN\rOBX|1|TX|A||B||||||F\r`);
        writeFileSync(join(folder, "no-case.hl7"), `${header("MDM_T02")}TXA|1|CN\rOBX|1|TX|A||B||||||F\r`);
        writeFileSync(join(folder, "plain.pdf"), await plainPdf());
        const { verdicts, status } = judge(folder);
        expect(verdicts.filter((line) => line.startsWith("ok"))).toEqual([
          expect.stringContaining("international-image"),
        ]);
        expect(verdicts).toHaveLength(6);
        expect(verdicts.find((line) => line.includes(OWN_RULES))).toContain("TXA-12 has length");
        expect(verdicts.find((line) => line.includes("table.hl7"))).toContain(
          "Code 'image' not found in table HL70191",
        );
        expect(status).toBe(1);
      },
      LONG_MS,
    );

    /** The verdict of each file, one line each. */
    function judge(folder: string): { verdicts: string[]; status: number | null } {
      const { stdout, status } = spawnSync(
        "mvn",
        ["-q", "-f", "test/peers/pom.xml", `-Dpeers.build=${join(work, "build")}`, "compile", "exec:java"].concat([
          "-Dexec.mainClass=Peers",
          `-Dexec.args=${folder} test/peers/conformance.txt`,
        ]),
        { maxBuffer: 64 * 1024 * 1024 },
      );
      return {
        verdicts: stdout
          .toString()
          .split("\n")
          .filter((line) => /^(ok|FAILED) /.test(line)),
        status,
      };
    }
  },
);

/** A document of the same library without the rules of PDF/A: its font is not embedded. */
function plainPdf(): Promise<Buffer> {
  return new Promise((resolve) => {
    const document = new PDFDocument();
    const chunks: Buffer[] = [];
    document.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => resolve(Buffer.concat(chunks)));
    document.text("plain");
    document.end();
  });
}
