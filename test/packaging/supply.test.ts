import { execFileSync } from "node:child_process";
import { describe, expect, test } from "@jest/globals";
import { faultsOf, foundBy, type Locked } from "../../docker/package/advisories.ts";
import { isAllowed } from "../../docker/package/licences.ts";

const NOW = new Date("2026-11-29T12:00:00Z");
const locked = (name: string, version: string, shipped = true): Locked => ({
  ...{ path: `node_modules/${name}`, name, version, licence: "MIT", shipped, hasInstallScript: false },
});
const hole = { package: "b@2.0.0", severity: "high", url: "https://github.com/advisories/GHSA-x" };
const asked = (more: object = {}) => ({ asked: "2026-11-01", covers: ["a@1.0.0", "b@2.0.0"], advisories: [], ...more });

test("what package-lock.json pins may be shipped: licences, pre-releases, install scripts, advisories", () => {
  const said = execFileSync(process.execPath, ["docker/package/supply.ts"], { encoding: "utf8" });
  expect(said).toMatch(/ 0 faults\n$/);
});

describe("an advisory file", () => {
  const both = [locked("a", "1.0.0"), locked("b", "2.0.0")];

  test("that is young, and covers everything, is fine", () => {
    expect(faultsOf(asked(), both, NOW)).toEqual([]);
  });

  test("is refused when it is older than 90 days", () => {
    expect(faultsOf(asked({ asked: "2026-08-30" }), both, NOW)).toEqual([
      "advisories: asked 91 days ago, at most 90 may pass",
    ]);
  });

  test("says nothing about a version that came in later", () => {
    expect(faultsOf(asked(), [...both, locked("a", "1.0.1")], NOW)).toEqual(["advisories: never asked about a@1.0.1"]);
  });

  test("refuses a severe hole in what is shipped, until a person has said why it does not concern us", () => {
    expect(faultsOf(asked({ advisories: [hole] }), both, NOW)).toHaveLength(1);
    expect(faultsOf(asked({ advisories: [{ ...hole, accepted: "not reached" }] }), both, NOW)).toEqual([]);
    expect(faultsOf(asked({ advisories: [hole] }), [both[0]!, locked("b", "2.0.0", false)], NOW)).toEqual([]);
  });

  test("is made of what npm audit prints, and of nothing where it prints an error", () => {
    const via = [{ name: "b", severity: "high", url: hole.url }];
    const audit = {
      vulnerabilities: { b: { via, nodes: ["node_modules/b"] }, a: { via: ["b"], nodes: ["node_modules/a"] } },
    };
    expect(foundBy(JSON.stringify(audit), both, NOW)).toEqual({
      asked: "2026-11-29",
      covers: ["a@1.0.0", "b@2.0.0"],
      advisories: [hole],
    });
    expect(foundBy('{"message": "405 Method Not Allowed"}', both, NOW)).toBeUndefined();
    expect(foundBy("", both, NOW)).toBeUndefined();
  });
});

test.each([
  ["MIT", true],
  ["(MIT OR GPL-3.0)", true],
  ["Apache-2.0 AND LGPL-3.0-or-later", true],
  ["MIT AND GPL-3.0", false],
  ["GPL-3.0", false],
  ["none named", false],
])("the licence %s may be shipped: %s", (licence, may) => {
  expect(isAllowed(licence)).toBe(may);
});
