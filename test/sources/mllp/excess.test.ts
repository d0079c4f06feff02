import { describe, expect, test } from "@jest/globals";
import mapping from "#mappings/adt-to-directory/index.ts";
import { parseHl7 } from "#src/hl7/parse.ts";
import { expectLinear } from "../../support/growth.ts";
import { HEADER, openReceiver, type Sender } from "./support.ts";

const pid = (pid3: string, more = "") => `${HEADER}\rPID|1||${pid3}${more}\r`;
const identifiers = (count: number) => Array.from({ length: count }, (_, nth) => `N${nth}^^^HAUS^PI`).join("~");

describe("a message that repeats more than any sender has reason to", () => {
  test.each([
    ["identifiers", pid(identifiers(10_000)), "102 PID 3"],
    ["telephones", pid("7^^^HAUS^PI", `||Muster||||||||${"0151 1234567~".repeat(2_000)}`), "102 PID 13"],
    ["components", pid("^".repeat(50_000)), "102 PID 3"],
    ["subcomponents", pid(`7^^^${"&".repeat(50_000)}^PI`), "102 PID 3"],
    ["retired identifiers", `${pid("7^^^HAUS^PI")}MRG|${identifiers(2_000)}\r`, "102 MRG 1"],
    ["cases", `${pid("7^^^HAUS^PI")}PV1|1|I|${"|".repeat(15)}|${"F~".repeat(5_000)}\r`, "102 PV1 19"],
    ["merges", pid("7^^^HAUS^PI") + "MRG|8^^^HAUS^PI\r".repeat(500), "102 MRG"],
    ["merges of one patient", pid(identifiers(900)) + "MRG|8^^^HAUS^PI\r".repeat(100), "102 PID 3"],
    ["parts of MSH-9", `${HEADER.replace("ADT^A01^ADT_A01", `ADT^A01${"^".repeat(40_000)}`)}\rPID|1||7\r`, "102 MSH 9"],
  ])("is refused, naming where: %s", async (_what, message, error) => {
    for (const unknown_trigger of ["refuse", "acknowledge"] as const) {
      await using receiver = await openReceiver({ unknown_trigger });
      const sender = await receiver.connect();
      expect(await sender.ask(message)).toEqual(["AR C1", error]);
      expect(receiver.stored).toEqual([]);
      expect((await sender.ask(pid("7^^^HAUS^PI")))[0]).toBe("AA C1");
    }
  });

  test("is not one with a thousand identifiers, nor with very many observations", async () => {
    await using receiver = await openReceiver();
    const sender: Sender = await receiver.connect();
    const large = pid(identifiers(1_000)) + "OBX|1|TX|||a~b~c\r".repeat(5_000);
    expect((await sender.ask(large))[0]).toBe("AA C1");
  });

  test("has so many fields that reading it could stop the process: it is held as unreadable", async () => {
    await using receiver = await openReceiver();
    const sender: Sender = await receiver.connect();
    expect((await sender.ask(`${pid("7")}ZZZ${"|".repeat(2_000_000)}\r`))[0]).toBe("AR C1");
    expect(receiver.stored).toMatchObject([{ hold: "malformed" }]);
  });

  test("waited here from before there was a limit: it fails, naming where", () => {
    const message = {
      content: { kind: "hl7" as const, text: pid(identifiers(10_000)) },
      receivedAt: "2026-01-01T00:00:00Z",
    };
    expect(() => mapping.map(message as never, { params: mapping.params.parse({}) } as never)).toThrow(
      expect.objectContaining({ code: "HL7_TOO_MANY", message: expect.stringContaining("PID-3 repeats") }),
    );
  });
});

describe("what is read of a message costs what it says:", () => {
  const map = (text: string) =>
    mapping.map(
      { id: "x", receivedAt: "2026-01-01T00:00:00.000Z", content: { kind: "hl7", text } } as never,
      {
        params: mapping.params.parse({}),
      } as never,
    );

  test("identifiers, and as many retired ones without authority or type", () =>
    expectLinear(450, (count) => {
      const retired = Array.from({ length: count }, (_, nth) => `R${nth}`).join("~");
      for (let times = 0; times < 10; times += 1)
        map(`${pid(identifiers(count)).replace("^A01", "^A40")}MRG|${retired}\r`);
    }));

  test("a telephone of very many characters", () =>
    expectLinear(500_000, (count) => {
      map(pid("7^^^HAUS^PI", `||Muster||||||||${"1,".repeat(count / 2)}`));
      map(pid("7^^^HAUS^PI", `||Muster||||||||0151 1234567^^^^^^^^${"ab ".repeat(count / 3)}`));
    }));

  test("segments", () =>
    expectLinear(20_000, (count) => parseHl7(Buffer.from(pid("7^^^HAUS^PI") + "NTE|1||x\r".repeat(count)))));
});
