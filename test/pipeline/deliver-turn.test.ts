import { expect, it } from "@jest/globals";
import { deliverTurn, type Delivering } from "#src/pipeline/deliver/deliver-turn.ts";
import type { ToDeliver } from "#src/pipeline/deliver/deliver.ts";
import type { Leased } from "#src/lanes/lease.ts";
import { Permits } from "#src/lanes/permits.ts";

it("a worker whose lease ran out sends nothing, books nothing and says so: another may have sent it", async () => {
  const happened: string[] = [];
  const did = (what: string) => async () => void happened.push(what);
  const delivering = {
    deps: { metrics: { count: () => undefined } },
    settle: { delivered: did("booked") },
    connections: new Permits(1),
    channel: { retention: {} },
    destination: { mapping: { version: "1" }, destination: { send: did("sent") } },
    teller: { began: () => undefined, attempted: did("told") },
  } as unknown as Delivering;
  const leased = { lane: {}, signal: new AbortController().signal, valid: () => false } as unknown as Leased;
  const works = [{ row: { purpose: "file", latestAddress: 0 } }] as unknown as ToDeliver[];
  await expect(deliverTurn(delivering, leased, works)).rejects.toMatchObject({ code: "LEASE_LOST" });
  expect(happened).toEqual([]);
});
