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

(corpus ? describe : describe.skip)("webhook bodies of other projects (CORPUS_DIR)", () => {
  const files = FOLDERS.flatMap((folder) => {
    const directory = join(corpus ?? ".", folder);
    return readdirSync(directory).map((file) => join(directory, file));
  });

  test.each(files)("%s is cut without losing an element", (file) => {
    const raw = readFileSync(file);
    const drafts = cut({ raw, receivedAt: "2026-11-23T10:00:00.000Z" }, "106540352242922");
    const changes = (JSON.parse(raw.toString()) as Body).entry.flatMap((entry) => entry.changes);
    const elements = changes.flatMap(({ field, value }) =>
      field === "messages"
        ? [value["messages"], value["statuses"], value["errors"]].flatMap((list) => list ?? [])
        : [value],
    );
    expect(drafts.length).toBeGreaterThan(0);
    expect(drafts.map((draft) => (draft.raw as { element: unknown }).element)).toEqual(elements);
    expect(drafts.filter((draft) => draft.hold === "malformed")).toEqual([]);
  });

  test("every text and image among them is read as one", () => {
    const kinds = files.flatMap((file) =>
      cut({ raw: readFileSync(file), receivedAt: "2026-11-23T10:00:00.000Z" }, "106540352242922").map((draft) => [
        ((draft.raw as { element: { type?: string } }).element.type ?? "").toString(),
        draft.content.kind,
      ]),
    );
    const readable = kinds.filter(([type]) => type === "text" || type === "image");
    expect(readable.length).toBeGreaterThan(5);
    expect(readable.every(([type, kind]) => type === kind)).toBe(true);
  });
});
