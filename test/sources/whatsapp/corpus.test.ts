import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { cut } from "#src/sources/whatsapp/payload.ts";

/** Webhook bodies published by Meta and by other projects' tests; not ours to ship, hence by address. */
const { CORPUS_DIR } = process.env;
const corpus = CORPUS_DIR === undefined ? undefined : join(CORPUS_DIR, "whatsapp");

/** One project's sample writes this where a number of degrees belongs: nothing a map could show. */
const NO_DEGREES = "LOCATION_LATITUDE";
interface Body {
  entry: { changes: { field: string; value: Record<string, unknown[]> }[] }[];
}

/** Folder and file name of every inbound body; `out-…` holds what a hospital sends. */
function bodies(directory: string): string[] {
  const folders = readdirSync(directory).filter((folder) => !folder.startsWith("out-"));
  return folders.flatMap((folder) => readdirSync(join(directory, folder)).map((file) => join(folder, file)));
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

function isMadeUp(element: unknown): boolean {
  return JSON.stringify(element).includes(NO_DEGREES);
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
            : (value["groups"] ?? [value]),
        );
      const isSaid = (element: unknown) => messages.some((each) => isDeepStrictEqual(each.element, element));
      expect(messages.length + notices.length).toBeGreaterThan(0);
      expect(messages.map(({ element }) => element)).toEqual(elements.filter(isSaid));
      expect(notices.map(({ element }) => element)).toEqual(elements.filter((element) => !isSaid(element)));
      const malformed = messages.filter(({ draft }) => draft.hold === "malformed");
      expect(malformed.filter(({ element }) => !isMadeUp(element))).toEqual([]);
    });

    test("every message among them is read as what it is, but those Meta itself could not read", () => {
      const kinds: Record<string, string> = {
        text: "text",
        image: "image",
        audio: "audio",
        video: "video",
        document: "document",
        sticker: "sticker",
        location: "location",
        contacts: "contacts",
        button: "choice",
        interactive: "choice",
        reaction: "reaction",
        order: "order",
        system: "note",
        unsupported: "unknown",
        unknown: "unknown",
      };
      const read = bodies(corpus)
        .flatMap((file) => cutFile(corpus, file).messages)
        .filter(({ element }) => element.type !== undefined && element.type in kinds && !isMadeUp(element));
      expect(read.length).toBeGreaterThan(30);
      for (const { draft, element } of read) expect(draft.content.kind).toBe(kinds[element.type ?? ""]);
      const refused = read.filter(({ draft }) => draft.hold === "unsupported");
      expect(refused.map(({ draft }) => draft.content)).toEqual(
        refused.map(({ element }) => ({ kind: "unknown", sourceKind: element.type, codes: ["131051"] })),
      );
    });
  });
}
