import { beforeEach, describe, expect, test } from "@jest/globals";
import { Room } from "#src/api/webhooks/room.ts";
import { Problem } from "#src/api/problem.ts";

const MEGABYTE = 1024 * 1024;
let logged: string[];
const roomWith = (limits: object) => new Room({ log: (_level, event) => void logged.push(event) }, limits);
beforeEach(() => {
  logged = [];
});

async function statusOf(work: Promise<void>): Promise<number> {
  return work.then(
    () => 200,
    (error: unknown) => (error instanceof Problem ? error.body.status : 0),
  );
}

describe("bodies that wait for their commit", () => {
  test("are taken as long as there is room, and again as soon as there is", async () => {
    const room = roomWith({ waitingBytes: 5 * MEGABYTE });
    let finish: () => void = () => undefined;
    const slow = () => new Promise<void>((resolve) => (finish = resolve));
    const first = statusOf(room.hold(3 * MEGABYTE, slow));
    expect(await statusOf(room.hold(3 * MEGABYTE, async () => undefined))).toBe(503);
    expect(await statusOf(room.hold(2 * MEGABYTE, async () => undefined))).toBe(200);
    finish();
    expect(await first).toBe(200);
    expect(await statusOf(room.hold(3 * MEGABYTE, async () => undefined))).toBe(200);
    expect(logged).toEqual(["webhook.no_room"]);
  });

  test("wait no longer than a provider listens, and keep their room until the store is done with them", async () => {
    const room = roomWith({ waitingBytes: 5 * MEGABYTE, patienceMs: 20 });
    let fail: (error: Error) => void = () => undefined;
    const hanging = () => new Promise<void>((_resolve, reject) => (fail = reject));
    expect(await statusOf(room.hold(3 * MEGABYTE, hanging))).toBe(503);
    expect(await statusOf(room.hold(3 * MEGABYTE, async () => undefined))).toBe(503);
    fail(new Error("the connection broke at last"));
    await new Promise((resolve) => setImmediate(resolve));
    expect(await statusOf(room.hold(3 * MEGABYTE, async () => undefined))).toBe(200);
    expect(logged).toEqual(["webhook.late", "webhook.no_room"]);
  });

  test("hand on why they could not be stored", async () => {
    const room = roomWith({});
    const error = new Error("no");
    await expect(room.hold(1, () => Promise.reject(error))).rejects.toBe(error);
  });
});
