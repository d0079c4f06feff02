import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createSealer } from "#src/seal/sealer.ts";
import { FIRST, openAt, sealAt, type Place, type Shape } from "#src/store/sealed/place.ts";
import { place } from "#src/store/sealed/message.ts";
import { codeOf, EPOCH, keyringIn, ROW, temporaryDirectory } from "../seal/temporary.ts";

const AT = { epoch: EPOCH, table: "message", row: ROW, column: "sealed" };

interface Name {
  readonly name: string;
}
interface Names {
  readonly family: string;
  readonly given: readonly string[];
}
interface Full extends Names {
  readonly text: string;
}

const first: Place<Name> = { ...AT, shape: FIRST };
const names = ({ name }: Name): Names => ({
  family: name.split(" ").at(-1) ?? "",
  given: name.split(" ").slice(0, -1),
});
const second: Place<Names> = { ...AT, shape: { version: 2, earlier: (value) => names(value as Name) } };
const FULL: Shape<Full> = {
  version: 3,
  earlier: (value, version) => {
    const read = version === 1 ? names(value as Name) : (value as Names);
    return { ...read, text: [...read.given, read.family].join(" ") };
  },
};
const third: Place<Full> = { ...AT, shape: FULL };
const MADE_UP = "Kim Robin Beispiel";

describe("a place", () => {
  test("gives back what was sealed at it, as JSON keeps it", () => {
    using directory = temporaryDirectory();
    const sealer = createSealer(keyringIn(directory.path));
    const anything: Place<object>[] = [{ ...AT, shape: FIRST }, third];
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(...anything), (value, at) => {
        expect(openAt(sealer, at, sealAt(sealer, at, value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test("reads rows of every earlier shape as those of today", () => {
    using directory = temporaryDirectory();
    const sealer = createSealer(keyringIn(directory.path));
    const today = { family: "Beispiel", given: ["Kim", "Robin"], text: MADE_UP };
    const rows = [
      sealAt(sealer, first, { name: MADE_UP }),
      sealAt(sealer, second, names({ name: MADE_UP })),
      sealAt(sealer, third, today),
    ];
    expect(rows.map((row) => openAt(sealer, third, row))).toEqual([today, today, today]);
  });

  test("refuses a row of a later shape, and says that a later version of the engine wrote it", () => {
    using directory = temporaryDirectory();
    const sealer = createSealer(keyringIn(directory.path));
    const row = sealAt(sealer, second, names({ name: MADE_UP }));
    expect(codeOf(() => openAt(sealer, first, row))).toBe("SEAL_BROKEN");
    expect(() => openAt(sealer, first, row)).toThrow("a later version of the engine wrote it (shape 2)");
  });

  test("opens what was written before shapes had numbers: the bare JSON", () => {
    using directory = temporaryDirectory();
    const sealer = createSealer(keyringIn(directory.path));
    const at = place.message(EPOCH, ROW, "routed");
    const row = sealer.seal(AT_ROUTED, Buffer.from(JSON.stringify({ routedAt: "2026-01-01T00:00:00Z", params: {} })));
    expect(openAt(sealer, at, row)).toEqual({ routedAt: "2026-01-01T00:00:00Z", params: {} });
  });
});

const AT_ROUTED = { ...AT, column: "routed" };
