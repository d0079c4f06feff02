import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { parseDocument } from "yaml";
import { interpolate } from "#src/channel/interpolate.ts";

const filled = (text: string, env: Record<string, string>): unknown => {
  const document = parseDocument(text);
  expect(interpolate(document, env)).toEqual([]);
  return document.toJS();
};

describe("interpolating a channel file", () => {
  it("fills names, defaults and several references in one scalar", () => {
    const env = { HOST: "kis.local", PORT: "2575" };
    expect(filled("url: http://${HOST}:${PORT}/${PATH:fhir}", env)).toEqual({ url: "http://kis.local:2575/fhir" });
  });

  it("keeps a whole-scalar reference a string, whatever it holds", () => {
    expect(filled("port: ${PORT}", { PORT: "2575" })).toEqual({ port: "2575" });
  });

  it("takes an empty variable for one that is not set", () => {
    expect(filled("a: ${A:fallback}\nb: ${B:}", { A: "" })).toEqual({ a: "fallback", b: "" });
  });

  it("reads $${ as a literal reference", () => {
    expect(filled("a: $${NAME} costs ${PRICE}$", { PRICE: "5" })).toEqual({ a: "${NAME} costs 5$" });
  });

  it("leaves keys alone", () => {
    expect(filled('"${A}": 1', { A: "x" })).toEqual({ "${A}": 1 });
  });

  it("names what is missing, and where, and goes on", () => {
    const document = parseDocument("list:\n  - ${ONE}\n  - ${TWO}\n  - ${bad-name}\n  - ${open\n");
    expect(interpolate(document, { ONE: "1" }).map(({ path, reason }) => [path.join("."), reason])).toEqual([
      ["list.1", "TWO is not set"],
      ["list.2", '"${bad-name}" is neither ${NAME}, ${NAME:default} nor ${file:/path}'],
      ["list.3", '"${open" is not closed'],
    ]);
  });

  it("can never change the structure of the file", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "binary" }), (value) => {
        expect(filled("a: ${V}\nb: [x, '${V}']", { V: value })).toEqual({ a: value, b: ["x", value] });
      }),
    );
  });

  describe("from files", () => {
    let folder: string;
    beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "interpolate-"))));
    afterEach(() => rm(folder, { recursive: true }));

    it("reads a secret without its trailing newline", async () => {
      await writeFile(join(folder, "secret"), "s3cret\n");
      expect(filled(`a: \${file:${folder}/secret}`, {})).toEqual({ a: "s3cret" });
    });

    it("says why a file cannot be read", () => {
      const [missing] = interpolate(parseDocument(`a: \${file:${folder}/none}`), {});
      expect(missing?.reason).toBe(`${folder}/none cannot be read (ENOENT)`);
    });
  });
});
