import { glob, readFile } from "node:fs/promises";
import { beforeAll, expect, test } from "@jest/globals";

/** A term as code may spell it: `clearing task` is clearingTask, clearing_task, clearing-task. */
const spelt = (term: string) => term.toLowerCase().replaceAll(/[\s_-]+/g, "");

const terms: string[] = [];
let code = "";
beforeAll(async () => {
  const page = await readFile("docs/glossary.md", "utf8");
  for (const [, heads = ""] of page.matchAll(/^- ([^:]+):/gm))
    terms.push(
      ...heads
        .replaceAll(/\(.*?\)/g, "")
        .split(",")
        .map((term) => term.trim()),
    );
  const texts: string[] = [];
  for await (const file of glob("{src,mappings,channels}/**/*.{ts,tsx,yaml}")) texts.push(await readFile(file, "utf8"));
  code = texts.map(spelt).join("\n");
});

test("every term of the glossary is a word of the code: what is not used any more leaves the list", () => {
  expect(terms.length).toBeGreaterThan(50);
  expect(terms.filter((term) => !code.includes(spelt(term)))).toEqual([]);
});

test("no term stands in the glossary twice", () => {
  expect(terms.filter((term, index) => terms.indexOf(term) !== index)).toEqual([]);
});
