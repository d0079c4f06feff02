import { readFile, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "@jest/globals";

/** Relative links of a Markdown page, without their anchors. */
function linksOf(page: string): string[] {
  const targets = [...page.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => (target ?? "").replace(/#.*$/, ""));
  return targets.filter((target) => target !== "" && !/^[a-z]+:/.test(target));
}

async function everyPage(): Promise<string[]> {
  const docs = (await readdir("docs", { recursive: true })).filter((name) => name.endsWith(".md"));
  return ["README.md", "CHANGELOG.md", ...docs.map((name) => join("docs", name))];
}

test("no table is wider than can be read as text", async () => {
  const wide: string[] = [];
  for (const page of await everyPage()) {
    const lines = (await readFile(page, "utf8")).split("\n");
    for (const [at, line] of lines.entries()) if (/^\|.{120,}/.test(line)) wide.push(`${page}:${at + 1}`);
  }
  expect(wide).toEqual([]);
});

test("every link between the pages leads somewhere", async () => {
  const pages = await everyPage();
  const broken: string[] = [];
  for (const page of pages) {
    for (const link of linksOf(await readFile(page, "utf8"))) {
      const found = await stat(join(dirname(page), link)).catch(() => undefined);
      if (!found) broken.push(`${page}: ${link}`);
    }
  }
  expect(pages.length).toBeGreaterThan(5);
  expect(broken).toEqual([]);
});
