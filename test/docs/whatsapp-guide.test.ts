import { readFile } from "node:fs/promises";
import { expect, test } from "@jest/globals";
import { parse } from "yaml";
import { ERRORS } from "#src/message/error-code.ts";
import { whatsappSource } from "#src/sources/whatsapp/source.ts";

const guide = await readFile("docs/sources/whatsapp.md", "utf8");

test("every source in the guide to WhatsApp is a valid one", () => {
  const blocks = [...guide.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml]) => yaml ?? "");
  expect(blocks).toHaveLength(2);
  for (const block of blocks) {
    const { source } = parse(block) as { source: unknown };
    expect(whatsappSource.config.safeParse(source).error?.issues ?? []).toEqual([]);
  }
});

test("every error code and setting the guide to WhatsApp names exists", async () => {
  const settings = await readFile("src/engine/settings.ts", "utf8");
  const codes = guide.match(/\b(MEDIA|STORE|PAYLOAD)_[A-Z_]+\b(?!\*)/g)?.filter((code) => !code.endsWith("_")) ?? [];
  expect(codes.filter((code) => !(code in ERRORS))).toEqual([]);
  const variables = guide.match(/\bBOTENSTOFF_[A-Z_]+\b/g) ?? [];
  expect(variables.filter((name) => !settings.includes(name))).toEqual([]);
  expect(codes.length + variables.length).toBeGreaterThan(15);
});
