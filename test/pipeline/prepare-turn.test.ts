import { expect, test } from "@jest/globals";
import type { PipelineDeps } from "#src/pipeline/deps.ts";
import type { Leased } from "#src/lanes/lease.ts";
import { Permits } from "#src/lanes/permits.ts";
import { prepareTurn } from "#src/pipeline/prepare/prepare-turn.ts";
import type { ToPrepare } from "#src/pipeline/prepare/prepare.ts";
import type { PreparedTurn, Settle, SettledPreparation } from "#src/pipeline/settle.ts";
import type { ClaimedLane } from "#src/store/sql/lanes.ts";

const LANE: ClaimedLane = { channel: "c", stage: "prepare", key: Buffer.from("anna"), token: 1, failures: 0, open: 2 };
const LEASED: Leased = { lane: LANE, signal: new AbortController().signal, valid: () => true };

/** Without a running channel every message is held: how each is decided is not what these tests are about. */
const DEPS = { channels: () => undefined, clock: () => 0 } as unknown as PipelineDeps;

function work(id: string, attachments: readonly { readonly id: string }[] = []): ToPrepare {
  return { lane: LANE, row: { id, channel: LANE.channel, epoch: 0, seq: 1 }, attachments } as unknown as ToPrepare;
}

/** Runs the turn of a text with a picture behind it. @returns the messages of each settlement, and the turn's answer */
async function turn(answers: readonly SettledPreparation[]) {
  const settled: string[][] = [];
  const settle = {
    prepared: ({ prepared }: PreparedTurn) => {
      settled.push(prepared.map(({ row }) => row.id));
      return Promise.resolve(answers[settled.length - 1]);
    },
  } as unknown as Settle;
  const works = [work("text"), work("picture", [{ id: "its bytes" }])];
  return { more: await prepareTurn(DEPS, settle, new Permits(1), LEASED, works), settled };
}

test("a text is settled before the picture behind it is fetched", async () => {
  const { more, settled } = await turn([
    { ours: true, more: false },
    { ours: true, more: false },
  ]);
  expect(settled).toEqual([["text"], ["picture"]]);
  expect(more).toBe(false);
});

test("nothing overtakes a message that is to be decided again because the directory changed meanwhile", async () => {
  const { more, settled } = await turn([{ ours: true, more: true }]);
  expect(settled).toEqual([["text"]]);
  expect(more).toBe(true);
});

test("a turn whose lane is somebody else's by now ends", async () => {
  const { more, settled } = await turn([{ ours: false, more: false }]);
  expect(settled).toEqual([["text"]]);
  expect(more).toBe(false);
});
