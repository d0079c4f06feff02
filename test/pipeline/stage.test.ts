import { expect, it } from "@jest/globals";
import type { PipelineDeps } from "#src/pipeline/deps.ts";
import type { Leased, Leases } from "#src/pipeline/lease.ts";
import { createStage } from "#src/pipeline/stage.ts";

/** Leases of three lanes that can be claimed once, and what became of them. */
function leasesOf(names: readonly string[]) {
  const lanes = names.map((name, index) => ({
    ...{ channel: "c", stage: "prepare", key: Buffer.from(name) },
    ...{ token: index, failures: 0, open: 1 },
  }));
  const held = new Set(names);
  const nameOf = ({ key }: { key: Buffer }) => key.toString();
  const ended = (how: string) => (lane: { key: Buffer }) => {
    held.delete(nameOf(lane));
    happened.push(`${how} ${nameOf(lane)}`);
  };
  const happened: string[] = [];
  let claims = 0;
  const leases: Leases = {
    claim: async () => {
      claims += 1;
      const signal = new AbortController().signal;
      return claims > 1 ? [] : lanes.map((lane): Leased => ({ lane, signal, valid: () => true }));
    },
    release: ended("released"),
    giveBack: ended("given back"),
    stop: () => undefined,
  };
  return { leases, happened, held, nameOf };
}

it("no lane stays leased, whatever of its claim, its turn and its booking fails", async () => {
  const { leases, happened, held, nameOf } = leasesOf(["worked", "failing", "empty"]);
  const gone = () => Promise.reject(new Error("the database is away"));
  const deps = { store: { transaction: gone }, log: () => undefined } as unknown as PipelineDeps;
  const stage = createStage<string>(deps, leases, {
    channel: "c",
    stage: "prepare",
    concurrency: 10,
    take: async (lanes) => new Map(lanes.map(({ lane }) => [lane, nameOf(lane) === "empty" ? [] : [nameOf(lane)]])),
    turn: async (_lane, [work]) => (work === "failing" ? gone() : undefined),
    allowance: (free) => free,
    wait: () => 0,
  });
  stage.wake();
  await stage.drain();
  expect(held).toEqual(new Set());
  expect(happened.toSorted()).toEqual(["given back empty", "given back failing", "released worked"]);
});

it("lanes that could not be filled are given back", async () => {
  const { leases, held } = leasesOf(["one", "two"]);
  const deps = { log: () => undefined } as unknown as PipelineDeps;
  const stage = createStage<string>(deps, leases, {
    channel: "c",
    stage: "prepare",
    concurrency: 10,
    take: () => Promise.reject(new Error("the database is away")),
    turn: () => Promise.resolve(),
    allowance: (free) => free,
    wait: () => 0,
  });
  stage.wake();
  await stage.drain();
  expect(held).toEqual(new Set());
});
