import { globSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { ackMode } from "#src/hl7/ack-mode.ts";
import { decodeText, encodeText } from "#src/hl7/charset.ts";
import { delimitersOf } from "#src/hl7/delimiters.ts";
import { escapeText, unescapeText } from "#src/hl7/escape.ts";
import { parseHl7, type ParsedMessage } from "#src/hl7/parse.ts";
import { framed, openReceiver, said } from "./support.ts";

/** Messages of other projects' tests; not ours to ship, hence by address. */
const { CORPUS_DIR } = process.env;
const paths = CORPUS_DIR === undefined ? [] : globSync(`${CORPUS_DIR}/hl7v2/**/*.hl7`).sort();

/** The segments put together again from their fields as they stand. */
function rebuilt(message: ParsedMessage, text: string): string {
  const { field } = delimitersOf(text.trimStart());
  const seen = new Map<string, number>();
  return message.segments
    .map((name) => {
      const nth = seen.get(name) ?? 0;
      seen.set(name, nth + 1);
      const line =
        lines(text)
          .filter((other) => other.split(field)[0] === name)
          .at(nth) ?? "";
      const count = line.split(field).length;
      // MSH-1 is the separator itself.
      const first = name === "MSH" ? 2 : 1;
      const fields = Array.from({ length: count - 1 }, (_, index) => message.raw(name, first + index, nth));
      return [name, ...fields].join(field);
    })
    .join("\r");
}

function lines(text: string): string[] {
  return text.split(/\r\n|\r|\n/).filter((line) => line !== "");
}

/** What its sender waits for, by MSH-15 and MSH-16; all but ADT is refused. */
function answersTo(message: ParsedMessage, adt: boolean): string[] {
  const mode = ackMode(message.value("MSH", 15), message.value("MSH", 16));
  if (!adt) return [mode.accept(false) ? "CR" : "AR"];
  return [...(mode.accept(true) ? ["CA"] : []), ...(mode.application(true) ? ["AA"] : [])];
}

(CORPUS_DIR === undefined ? describe.skip : describe)(
  CORPUS_DIR === undefined ? "the corpus (CORPUS_DIR is not set: skipped)" : "the corpus",
  () => {
    test("has messages", () => expect(paths.length).toBeGreaterThan(50));

    test.each(paths.map((path) => [relative(CORPUS_DIR ?? "", path), path]))(
      "%s is parsed, written again to the byte, and answered",
      async (_name, path) => {
        const bytes = readFileSync(path);
        const message = parseHl7(bytes);
        const text = decodeText(bytes, message.charset);
        expect(encodeText(text, message.charset, "refuse").bytes.equals(bytes)).toBe(true);
        expect(rebuilt(message, message.text)).toBe(lines(message.text).join("\r"));

        await using receiver = await openReceiver({ processing_ids: ["P", "T", "D"] });
        const sender = await receiver.connect();
        const adt = message.value("MSH", 9) === "ADT";
        const expected = answersTo(message, adt).map((code) => `${code} ${message.value("MSH", 10)}`.trim());
        sender.write(framed(bytes));
        // The refusal of the next message shows that nothing more came before it.
        sender.write(framed("next"));
        const answers: string[] = [];
        while (!answers.includes("AR")) answers.push(...said(await sender.answer()).slice(0, 1));
        expect(answers).toEqual([...expected, "AR"]);
        expect(receiver.stored).toHaveLength(adt ? 2 : 1);
      },
    );

    test("values come back when they are escaped again", () => {
      for (const path of paths) {
        const message = parseHl7(readFileSync(path));
        for (const name of message.segments.filter((name) => name !== "MSH")) {
          for (const value of message.repetitions(name, 5).flat(2)) expect(unescapeText(escapeText(value))).toBe(value);
        }
      }
    });
  },
);
