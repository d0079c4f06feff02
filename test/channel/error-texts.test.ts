import { describe, expect, test } from "@jest/globals";
import { readYaml } from "#src/channel/yaml.ts";
import { readSettings } from "#src/engine/settings.ts";

describe("what is wrong with a file", () => {
  const problemsOf = (text: string) => {
    const read = readYaml("x.yaml", text);
    return "problems" in read ? read.problems.map(({ line, column, message }) => `${line}:${column} ${message}`) : [];
  };

  test.each([
    ["id: x\nsource: { type: mllp, port: ${ADT_MLLP_PORT} }\n", "2:29", "${ADT_MLLP_PORT}"],
    ["list: [one, ${TWO}]\nmore: text\n", "1:13", "${TWO}"],
  ])("is said once for an unquoted reference between brackets: %j", (text, place, reference) => {
    expect(problemsOf(text)).toEqual([expect.stringMatching(`^${place} Quote it: "${reference.replace("$", "\\$")}"`)]);
  });

  test("is said once, however much follows from it", () => {
    expect(problemsOf("a: [1, 2\nb: }\nc: ]\nd: {\n")).toHaveLength(1);
  });

  test("is said in words where a number was expected", () => {
    expect(() => readSettings({ BOTENSTOFF_HTTP_PORT: "eighty" })).toThrow(
      "reading BOTENSTOFF_HTTP_PORT: Expected a number",
    );
  });
});
