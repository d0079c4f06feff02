import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { MllpBehaviour } from "#src/simulators/kis/mllp-answer.ts";
import { parseHl7 } from "#src/hl7/parse.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { failure, jobOf, mdm, NEVER, openWorld, until, type World } from "./support.ts";

describe("connections", () => {
  test("carry the messages of one lane always on the same one, in order", async () => {
    await using world = await openWorld({ connections: 4 });
    const lanes = ["a", "b", "c", "d", "e", "f"];
    await Promise.all(
      lanes.map(async (lane) => {
        for (let nth = 0; nth < 5; nth += 1) await world.destination.send(jobOf(mdm(`${lane}${nth}`), lane), NEVER);
      }),
    );
    const byLane = Map.groupBy(world.kis.received, ({ controlId }) => controlId[0]);
    for (const received of byLane.values()) {
      expect(new Set(received.map(({ connection }) => connection)).size).toBe(1);
      expect(received.map(({ controlId }) => controlId[1])).toEqual(["0", "1", "2", "3", "4"]);
    }
    expect(new Set(world.kis.received.map(({ connection }) => connection)).size).toBeGreaterThan(1);
  });

  test("are never more than the receiver allows: one serves every lane in turn", async () => {
    await using world = await openWorld({}, { oneConnection: true });
    const ids = Array.from({ length: 20 }, (_, nth) => `M${nth}`);
    await Promise.all(ids.map((id) => world.destination.send(jobOf(mdm(id), id), NEVER)));
    expect(world.kis.received.map(({ controlId }) => controlId)).toEqual(ids);
    expect(new Set(world.kis.received.map(({ connection }) => connection))).toEqual(new Set([1]));
  });

  test("unused for longer than allowed are opened anew", async () => {
    await using world = await openWorld({ max_idle_secs: 0.05 });
    await world.send("M1");
    await new Promise((resolve) => setTimeout(resolve, 100));
    await world.send("M2");
    expect(world.kis.received.map(({ connection }) => connection)).toEqual([1, 2]);
  });

  test("stay open where the CR of an acknowledgement's frame comes in a packet of its own", async () => {
    const sockets: Socket[] = [];
    const receiver = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => undefined);
      socket.on("data", (frame) => {
        const controlId = parseHl7(frame.subarray(1, -2)).value("MSH", 10);
        socket.write(`\vMSH|^~\\&|||||||ACK|A1|P|2.5.1\rMSA|AA|${controlId}\r\x1c`);
        setTimeout(() => socket.write("\r"), 20);
      });
    });
    await once(receiver.listen(0, "127.0.0.1"), "listening");
    await using world = await openWorld({ port: (receiver.address() as AddressInfo).port });
    for (const id of ["M1", "M2"]) {
      expect((await world.send(id)).answer).toMatchObject({ code: "AA", control_id: id });
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    receiver.close();
    for (const socket of sockets) socket.destroy();
    expect(sockets).toHaveLength(1);
  });

  test("carry one message each where the receiver hangs up after every answer", async () => {
    await using world = await openWorld({ keep_open: false });
    world.kis.behave(["then-hang-up", "then-hang-up", "then-hang-up"]);
    for (const id of ["M1", "M2", "M3"]) await world.destination.send(jobOf(mdm(id)), NEVER);
    expect(world.kis.received.map(({ connection }) => connection)).toEqual([1, 2, 3]);
  });

  test("end all that waits for them when the destination closes", async () => {
    await using world = await openWorld();
    world.kis.behave(["missing"]);
    const attempts = ["M1", "M2", "M3"].map((id) => failure(world.destination.send(jobOf(mdm(id)), NEVER)));
    await until(() => world.kis.received.length === 1);
    await world.destination.close();
    const codes = (await Promise.all(attempts)).map(({ code }) => code);
    expect(codes).toEqual(["DESTINATION_NO_ANSWER", "DESTINATION_UNREACHABLE", "DESTINATION_UNREACHABLE"]);
  });

  test("that nobody answers to are transient errors, and an abort ends what waits", async () => {
    const { freePort } = await import("#src/demo/free-port.ts");
    await using nobody = await openWorld({ port: await freePort("127.0.0.1") });
    expect((await failure(nobody.send("M1"))).code).toBe("DESTINATION_UNREACHABLE");
    await using world = await openWorld();
    world.kis.behave(["missing"]);
    const abort = new AbortController();
    const inFlight = failure(world.destination.send(jobOf(mdm("M1")), abort.signal));
    const waiting = failure(world.destination.send(jobOf(mdm("M2")), abort.signal));
    await until(() => world.kis.received.length === 1);
    abort.abort();
    expect([(await inFlight).code, (await waiting).code]).toEqual(["DESTINATION_NO_ANSWER", "DESTINATION_UNREACHABLE"]);
  });
});

describe("an image", () => {
  test("goes out as base64 of exactly its bytes, the same at every attempt", async () => {
    await using world = await openWorld();
    const bytes = randomBytes(2_000_001);
    const job = jobOf(mdm("M1", { blob: "1" }), "lane", new Map([["1", bytes]]));
    world.kis.behave(["hang-up-after-read"]);
    await failure(world.destination.send(job, NEVER));
    const { sentSha256 } = await world.destination.send(job, NEVER);
    expect(world.kis.received.map(({ sha256 }) => sha256)).toEqual([sentSha256, sentSha256]);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    expect(world.kis.documents.get("M1")?.attachments).toEqual([sha256]);
  });
});

interface Delivered {
  readonly accepted: readonly string[];
  /** Refused after an attempt without an answer, whose bytes may still be on the way: filed whenever they arrive. */
  readonly inDoubt: ReadonlySet<string>;
}

/** Delivers a lane as the pipeline does: in order, the same bytes again until one attempt is accepted or parked. */
async function deliver(world: World, lane: string, ids: readonly string[]): Promise<Delivered> {
  const accepted: string[] = [];
  const inDoubt = new Set<string>();
  for (const id of ids) {
    for (let unanswered = false; ;) {
      try {
        await world.destination.send(jobOf(mdm(id), lane), NEVER);
        // Whatever was answered to whom: at this moment the KIS must have it.
        expect(world.kis.documents.has(id)).toBe(true);
        accepted.push(id);
        break;
      } catch (error) {
        if (!(error instanceof BotenstoffError)) throw error;
        if (error.class === "permanent") {
          if (unanswered) inDoubt.add(id);
          break;
        }
        unanswered ||= error.class === "ambiguous";
      }
    }
  }
  return { accepted, inDoubt };
}

test("any interleaving of answers, time-outs and hang-ups credits no message with another's ACK and files none twice", async () => {
  const behaviour = fc.constantFrom<MllpBehaviour>(
    "ack",
    "split",
    "stale",
    "missing",
    "hang-up-after-read",
    "wrong-control-id",
    "garbage",
    "twice",
    "then-hang-up",
    "negative-commit",
    "busy-207",
    "AE",
    { lateMs: 15 },
    { lateMs: 60 },
  );
  const run = fc.record({
    behaviours: fc.array(behaviour, { maxLength: 12 }),
    lanes: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
    connections: fc.integer({ min: 1, max: 2 }),
  });
  await fc.assert(
    fc.asyncProperty(run, async ({ behaviours, lanes, connections }) => {
      await using world = await openWorld({ ack_timeout_secs: 0.04, connections });
      world.kis.behave(behaviours);
      const ids = lanes.map((count, lane) => Array.from({ length: count }, (_, nth) => `L${lane}M${nth}`));
      const delivered = await Promise.all(ids.map((mine, lane) => deliver(world, `lane ${lane}`, mine)));
      const documents = [...world.kis.documents.values()];
      expect(documents.filter(({ changed }) => changed)).toEqual([]);
      for (const [lane, { accepted, inDoubt }] of delivered.entries()) {
        const filed = documents.map(({ controlId }) => controlId).filter((id) => id.startsWith(`L${lane}`));
        expect(filed).toEqual(expect.arrayContaining([...accepted]));
        const certain = filed.filter((id) => !inDoubt.has(id));
        expect(certain).toEqual([...certain].sort());
      }
    }),
    { numRuns: 40, endOnFailure: true },
  );
});
