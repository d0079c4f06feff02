import { readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { expect, test } from "@jest/globals";

const PAGE = "docs/security/asvs.md";

/** What the page names: a test by the beginning of its title, "begins so …", or in full; in the file named last before it. */
async function named(): Promise<{ file: string; title: string }[]> {
  const text = (await readFile(PAGE, "utf8")).replaceAll(/\s+/g, " ");
  let file = "";
  const found: { file: string; title: string }[] = [];
  for (const [, path, title] of text.matchAll(/`(test\/[\w./-]+)`|"([^"]+)"/g)) {
    if (path !== undefined) file = path;
    else if (title !== undefined) found.push({ file, title: title.replace(/ ?…$/, "") });
  }
  return found;
}

test("every test that the answers to ASVS point to is there, under that title", async () => {
  const all = await named();
  expect(all.length).toBeGreaterThan(20);
  for (const { file, title } of all) {
    expect([title, file, existsSync(file)]).toEqual([title, file, true]);
    const source = (await readFile(file, "utf8")).replaceAll(/\s+/g, " ");
    expect([file, title, source.includes(title)]).toEqual([file, title, true]);
  }
});

test("every point says by which test it is proven, or that it is not met, or on which page it stands", async () => {
  const points = (await readFile(PAGE, "utf8")).split(/\n\n/).filter((part) => part.startsWith("**"));
  expect(points.length).toBeGreaterThan(15);
  for (const point of points) {
    const [name] = point.split("\n");
    expect([name, /"[^"]+"|`test\/|_not met_|\]\(/.test(point)]).toEqual([name, true]);
  }
});
