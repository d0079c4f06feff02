import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { setImmediate as turn } from "node:timers/promises";
import { GroupCommit } from "#src/store/group-commit.ts";

/** A committer whose commits take `ms`, and what it committed so far. */
function committer(ms: number) {
  const batches: string[][] = [];
  const group = new GroupCommit<string, string>(async (items) => {
    batches.push([...items]);
    await new Promise((resolve) => setTimeout(resolve, ms));
    if (items.includes("broken")) throw new Error("rolled back");
    if (items.includes("poison")) throw Object.assign(new Error("rolled back"), { code: "22021" });
    return items.map((item) => item.toUpperCase());
  });
  return { group, batches };
}

/** Lets so much time pass, and everything that was due meanwhile run. */
async function pass(ms: number): Promise<void> {
  await turn();
  await jest.advanceTimersByTimeAsync(ms);
  await turn();
}

describe("committing together", () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ["setImmediate", "nextTick", "queueMicrotask"] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it("commits a single item at once, and the next single one as well", async () => {
    const { group, batches } = committer(10);
    const first = group.add("a");
    await pass(10);
    expect(await first).toBe("A");
    const second = group.add("b");
    await pass(0);
    expect(batches).toEqual([["a"], ["b"]]);
    await pass(10);
    expect(await second).toBe("B");
  });

  it("commits what arrives during a commit in the next one, each item with its own result", async () => {
    const { group, batches } = committer(10);
    const first = group.add("a");
    await pass(5);
    const more = [group.add("b"), group.add("c")];
    await pass(5);
    await pass(10);
    expect(await Promise.all([first, ...more])).toEqual(["A", "B", "C"]);
    expect(batches).toEqual([["a"], ["b", "c"]]);
  });

  it("gathers no longer when so many wait that more would save nothing", async () => {
    const { group, batches } = committer(20);
    const first = [group.add("a"), group.add("b")];
    await pass(20);
    const next = Array.from({ length: 32 }, (_, index) => group.add(String(index)));
    await pass(0);
    expect(batches.map((batch) => batch.length)).toEqual([2, 32]);
    await pass(20);
    await Promise.all([...first, ...next]);
  });

  it("gathers as long as a batch of several took, so that the next one is larger", async () => {
    const { group, batches } = committer(10);
    const first = [group.add("a"), group.add("b")];
    await pass(10);
    await Promise.all(first);
    const next = [group.add("c")];
    await pass(9);
    expect(batches).toHaveLength(1);
    next.push(group.add("d"));
    await pass(1);
    expect(batches).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
    await pass(10);
    await Promise.all(next);
  });

  it("gathers no longer than 25 ms, however long a batch took", async () => {
    const { group, batches } = committer(5_000);
    const first = [group.add("a"), group.add("b")];
    await pass(5_000);
    await Promise.all(first);
    const next = group.add("c");
    await pass(25);
    expect(batches).toHaveLength(2);
    await pass(5_000);
    await next;
  });

  it("lets patient items wait for others, as long as the least patient of them does", async () => {
    const { group, batches } = committer(10);
    const all = [group.add("a", 100)];
    await pass(40);
    all.push(group.add("b", 50), group.add("c", 500));
    await pass(49);
    expect(batches).toEqual([]);
    await pass(1);
    expect(batches).toEqual([["a", "b", "c"]]);
    await pass(10);
    expect(await Promise.all(all)).toEqual(["A", "B", "C"]);
  });

  it("takes those who are waiting along when one comes that has no patience", async () => {
    const { group, batches } = committer(10);
    const patient = group.add("a", 1_000);
    await pass(20);
    const other = group.add("b");
    await pass(0);
    expect(batches).toEqual([["a", "b"]]);
    await pass(10);
    expect(await Promise.all([patient, other])).toEqual(["A", "B"]);
  });

  it("counts the patience of what comes during a commit from then on", async () => {
    const { group, batches } = committer(30);
    const first = group.add("a");
    await pass(10);
    const second = group.add("b", 100);
    await pass(99);
    expect(batches).toEqual([["a"]]);
    await pass(1);
    expect(batches).toEqual([["a"], ["b"]]);
    await pass(30);
    await Promise.all([first, second]);
  });

  it("fails the items of a failed batch alike, and goes on with the next", async () => {
    const { group } = committer(10);
    const failed = Promise.allSettled([group.add("a"), group.add("broken")]);
    await pass(10);
    expect((await failed).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    const next = group.add("c");
    await pass(20);
    expect(await next).toBe("C");
  });

  it("commits each alone where a batch fails for what is in it: nobody fails for another's", async () => {
    const { group, batches } = committer(10);
    const items = ["a", "poison", "b"].map((item) => group.add(item).catch(() => "failed"));
    await pass(100);
    expect(await Promise.all(items)).toEqual(["A", "failed", "B"]);
    expect(batches).toEqual([["a", "poison", "b"], ["a"], ["poison"], ["b"]]);
  });
});
