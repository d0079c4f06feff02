import { describe, expect, test } from "@jest/globals";
import { freePort } from "#src/demo/free-port.ts";
import type { MllpBehaviour } from "#src/simulators/kis/mllp-answer.ts";
import { message, profiles, render } from "../../mappings/mdm-fixtures.ts";
import { failure, jobOf, NEVER, openWorld } from "./support.ts";

/** What MSH-15 and MSH-16 ask for by rules of a channel, as an engineer writes them. */
const asking = (accept: string, application: string) => [
  { field: "MSH-15", ...(accept === "" ? { empty: true } : { value: accept }) },
  { field: "MSH-16", ...(application === "" ? { empty: true } : { value: application }) },
];

const text = message("t", { kind: "text", text: "Guten Morgen" });
const PROFILES = profiles.names.map((name) => [name] as const);

/** A mode, how the receiver behaves, and what the receipt then says. */
const MODES: readonly [string, string, MllpBehaviour, string, object?][] = [
  ["", "", "ack", "AA"],
  ["AL", "NE", "CA", "CA"],
  ["AL", "NE", "ack", "AA"],
  ["AL", "", "CA", "CA"],
  ["AL", "ER", "CA", "CA"],
  ["SU", "NE", "CA", "CA"],
  ["AL", "AL", "CA-then-AA", "AA"],
  ["AL", "SU", "CA-then-AA", "AA"],
  ["NE", "AL", "ack", "AA"],
  ["", "AL", "ack", "AA"],
  ["NE", "NE", "missing", "none", { settle_on_write: true }],
  ["ER", "NE", "missing", "none", { settle_on_write: true, ack_timeout_secs: 0.2 }],
  ["NE", "ER", "missing", "none", { settle_on_write: true, ack_timeout_secs: 0.2 }],
];

describe.each(PROFILES)("with the shipped profile %s", (profile) => {
  test("its own acknowledgement, as the docs name it, ends the delivery and the connection serves the next", async () => {
    const code = profile.startsWith("german") ? "CA" : "AA";
    await using world = await openWorld();
    world.kis.behave([code === "CA" ? "CA" : "ack", code === "CA" ? "CA" : "ack"]);
    for (const one of [text, message("u", { kind: "text", text: "Noch etwas" })]) {
      const receipt = await world.destination.send(jobOf(render(one, { profile })), NEVER);
      expect(receipt.answer).toMatchObject({ code });
    }
    expect(world.kis.received.map(({ connection }) => connection)).toEqual([1, 1]);
  });

  test.each(MODES)("MSH-15 %j, MSH-16 %j, answered %j: the receipt says %s", async (accept, application, ...rest) => {
    const [behaviour, code, settings = {}] = rest;
    await using world = await openWorld(settings);
    world.kis.behave([behaviour]);
    const output = render(text, { profile, fields: asking(accept, application) });
    const receipt = await world.destination.send(jobOf(output), NEVER);
    expect(receipt.answer).toMatchObject({ code });
  });

  test("an application acknowledgement at a port of its own belongs to its message", async () => {
    const port = await freePort("127.0.0.1");
    await using world = await openWorld({ application_acks: { port } }, { applicationAckPort: port });
    await world.destination.check(NEVER);
    world.kis.behave(["CA-then-AA-elsewhere"]);
    const output = render(text, { profile, fields: asking("AL", "AL") });
    const receipt = await world.destination.send(jobOf(output), NEVER);
    expect(receipt.answer).toMatchObject({ code: "AA" });
    expect(world.counted.get("application_ack_unmatched")).toBeUndefined();
  });

  test("asking for no acknowledgement at all is refused where the channel has not agreed to that", async () => {
    await using world = await openWorld();
    const output = render(text, { profile, fields: asking("NE", "NE") });
    expect((await failure(world.destination.send(jobOf(output), NEVER))).message).toContain("no acknowledgement");
  });

  test.each(["8859/15", "8859/15~UNICODE UTF-8", "CP1252"])("MSH-18 %j by a rule names the set", async (value) => {
    await using world = await openWorld();
    world.kis.behave(["CA"]);
    const fields = [...asking("AL", "NE"), { field: "MSH-18", value }];
    const euro = message("e", { kind: "text", text: "5 €" });
    const output = render(euro, { profile, fields });
    await world.destination.send(jobOf(output), NEVER);
    const [document] = [...world.kis.documents.values()];
    if (document && document.text.length > 0) expect(document.text).toEqual(["5 €"]);
  });
});
