import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
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
  const { messages, notices } = cut({ raw, receivedAt: "2026-11-23T10:00:00.000Z" }, "106540352242922");
  const elementOf = ({ raw }: { raw: unknown }) => (raw as { element: { type?: string } }).element;
  return {
    messages: messages.map((draft) => ({ draft, element: elementOf(draft) })),
    notices: notices.map((draft) => ({ draft, element: elementOf(draft) })),
  };
}

if (corpus === undefined) {
  test.skip("webhook bodies of other projects are cut without losing an element (set CORPUS_DIR)", () => undefined);
} else {
  describe("webhook bodies of other projects", () => {
    test.each(bodies(corpus))("%s is cut without losing an element", (file) => {
      const { messages, notices } = cutFile(corpus, file);
      const { entry } = JSON.parse(readFileSync(join(corpus, file), "utf8")) as Body;
      const elements = entry
        .flatMap(({ changes }) => changes)
        .flatMap(({ field, value }) =>
          field === "messages"
            ? [value["messages"], value["statuses"], value["errors"]].flatMap((list) => list ?? [])
            : [value],
        );
      const isSaid = (element: unknown) => messages.some((each) => isDeepStrictEqual(each.element, element));
      expect(messages.length + notices.length).toBeGreaterThan(0);
      expect(messages.map(({ element }) => element)).toEqual(elements.filter(isSaid));
      expect(notices.map(({ element }) => element)).toEqual(elements.filter((element) => !isSaid(element)));
      expect(messages.filter(({ draft }) => draft.hold === "malformed")).toEqual([]);
    });

    test("every text and image among them is read as one", () => {
      const readable = bodies(corpus)
        .flatMap((file) => cutFile(corpus, file).messages)
        .filter(({ element }) => element.type === "text" || element.type === "image");
      expect(readable.length).toBeGreaterThan(5);
      expect(readable.every(({ draft, element }) => draft.content.kind === element.type)).toBe(true);
    });
  });
}
