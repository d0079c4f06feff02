import { expect, it } from "@jest/globals";
import type { PipelineDeps } from "#src/pipeline/deps.ts";
import type { Leased, Leases } from "#src/lanes/lease.ts";
import { createStage } from "#src/lanes/stage.ts";

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
    claimSuspect: async () => undefined,
    ease: async () => undefined,
    mayOpen: () => true,
    open: async () => [],
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
    turn: async (_lane, [work]) => (work === "failing" ? gone() : false),
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
    turn: () => Promise.resolve(false),
    allowance: (free) => free,
    wait: () => 0,
  });
  stage.wake();
  await stage.drain();
  expect(held).toEqual(new Set());
});

/** A stage of three places whose turns end when told, on leases that have so many lanes due at the first claim. */
function openStage(due: readonly string[]) {
  const { leases } = leasesOf(due);
  const ends = new Map<string, (more: boolean) => void>();
  const deps = { log: () => undefined } as unknown as PipelineDeps;
  const stage = createStage<string>(deps, leases, {
    ...{ channel: "c", stage: "prepare", concurrency: 3, wait: () => 0, allowance: (free: number) => free },
    take: async (lanes) => new Map(lanes.map(({ lane }) => [lane, [lane.key.toString()]])),
    turn: (_lane, [work = ""]) => new Promise((resolve) => ends.set(work, resolve)),
  });
  const handed = (name: string, token: number) => {
    const lane = { channel: "c", stage: "prepare", key: Buffer.from(name), token, failures: 0, open: 1 };
    return { leased: { lane, signal: new AbortController().signal, valid: () => true }, works: [name] };
  };
  const end = async (...names: string[]) => {
    for (const name of names) ends.get(name)?.(false);
    await new Promise((resolve) => setTimeout(resolve, 10));
  };
  return { stage, ends, handed, end };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 10));

it("takes lanes over as long as it has places, and not while lanes that are due may wait", async () => {
  const { stage, ends, handed, end } = openStage(["due 1", "due 2", "due 3"]);
  expect(stage.reserve(1)).toBe(0);
  stage.wake();
  await settled();
  expect([...ends.keys()]).toEqual(["due 1", "due 2", "due 3"]);
  expect(stage.reserve(1)).toBe(0);
  // With a place free again it looks whether more is due; nothing is.
  await end("due 1", "due 2");
  expect(stage.reserve(5)).toBe(2);
  stage.begin(2, [handed("new 1", 11), handed("new 2", 12)]);
  expect(stage.reserve(1)).toBe(0);
  // Five were wanted: whether the others still wait is looked for at the end of a turn.
  await end("new 1");
  expect(stage.reserve(1)).toBe(1);
  stage.begin(1, []);
});

it("drains only when every place set aside was used or freed, and sets none aside any more", async () => {
  const { stage, handed, end } = openStage([]);
  stage.wake();
  await settled();
  expect(stage.reserve(1)).toBe(1);
  let drained = false;
  const draining = stage.drain().then(() => (drained = true));
  await settled();
  expect([drained, stage.reserve(1)]).toEqual([false, 0]);
  stage.begin(1, [handed("last", 1)]);
  await settled();
  expect(drained).toBe(false);
  await end("last");
  await draining;
  expect(drained).toBe(true);
});
