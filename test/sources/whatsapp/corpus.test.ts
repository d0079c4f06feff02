import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { cut } from "#src/sources/whatsapp/payload.ts";

/** Webhook bodies published by Meta and by other projects' tests; not ours to ship, hence by address. */
const corpus = process.env["CORPUS_DIR"];
const FOLDERS = ["meta-openapi-v23", "netflie", "whatsapp-business-java-api"];

interface Body {
  entry: { changes: { field: string; value: Record<string, unknown[]> }[] }[];
}

/** Folder and file name of every body. */
function bodies(directory: string): string[] {
  return FOLDERS.flatMap((folder) => readdirSync(join(directory, folder)).map((file) => join(folder, file)));
}

function cutFile(directory: string, file: string) {
  const raw = readFileSync(join(directory, file));
  const drafts = cut({ raw, receivedAt: "2026-11-23T10:00:00.000Z" }, "106540352242922");
  return drafts.map((draft) => ({ draft, element: (draft.raw as { element: { type?: string } }).element }));
}

if (corpus === undefined) {
  test.skip("webhook bodies of other projects are cut without losing an element (set CORPUS_DIR)", () => undefined);
} else {
  describe("webhook bodies of other projects", () => {
    test.each(bodies(corpus))("%s is cut without losing an element", (file) => {
      const cuts = cutFile(corpus, file);
      const { entry } = JSON.parse(readFileSync(join(corpus, file), "utf8")) as Body;
      const elements = entry
        .flatMap(({ changes }) => changes)
        .flatMap(({ field, value }) =>
          field === "messages"
            ? [value["messages"], value["statuses"], value["errors"]].flatMap((list) => list ?? [])
            : [value],
        );
      expect(cuts.length).toBeGreaterThan(0);
      expect(cuts.map(({ element }) => element)).toEqual(elements);
      expect(cuts.filter(({ draft }) => draft.hold === "malformed")).toEqual([]);
    });

    test("every text and image among them is read as one", () => {
      const readable = bodies(corpus)
        .flatMap((file) => cutFile(corpus, file))
        .filter(({ element }) => element.type === "text" || element.type === "image");
      expect(readable.length).toBeGreaterThan(5);
      expect(readable.every(({ draft, element }) => draft.content.kind === element.type)).toBe(true);
    });
  });
}
