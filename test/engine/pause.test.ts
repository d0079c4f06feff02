import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { ShownMessage } from "#src/demo/api-client.ts";
import { someoneAs } from "../clearing/desk.ts";
import { CHANNEL, startTestEngine, type TestEngine } from "./harness.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
  await engine.admit();
});
afterAll(() => engine.close());

const told = (event: string) => engine.logged.filter((line) => line.event === event).length;
const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();

test("a paused channel takes in and sends nothing, through a restart too, and goes on in order when it may", async () => {
  const erin = await someoneAs(engine, "erin", "engineer");
  const path = `/api/v1/channels/${CHANNEL}`;
  const answer = await erin.post(`${path}/pause`, { reason: "the KIS is updated", until: inHours(1) });
  expect(answer).toMatchObject({ status: 202, body: { paused: { reason: "the KIS is updated" } } });
  await engine.eventually("the channel stops", () => told("channel.paused") === 1);
  const first = await engine.text("eins");
  await engine.restart();
  const second = await engine.text("zwei");
  const { items } = (await erin.get("/api/v1/lanes")).body as { items: readonly { id: string; state: string }[] };
  expect(items).toMatchObject([{ state: "waiting" }]);
  expect((await erin.get(`/api/v1/lanes/${items[0]?.id}`)).body).toMatchObject({
    paused: { reason: "the KIS is updated" },
  });
  const list = (await erin.get("/api/v1/messages?state=received")).body["items"] as ShownMessage[];
  expect(list).toHaveLength(2);

  expect(await erin.post(`${path}/resume`, {})).toMatchObject({ status: 202, body: { paused: null } });
  const messages = [await engine.until(first, "filed"), await engine.until(second, "filed")];
  expect(messages.map(({ state }) => state)).toEqual(["filed", "filed"]);
  expect(await erin.post(`${path}/resume`, {})).toMatchObject({ status: 404 });
});

test("a pause ends by itself, and none lasts longer than a week or is none of this house's channels", async () => {
  const erin = await someoneAs(engine, "erna", "engineer");
  const path = `/api/v1/channels/${CHANNEL}/pause`;
  expect(await erin.post(path, { reason: "x", until: inHours(24 * 8) })).toMatchObject({ status: 400 });
  expect(await erin.post(path, { reason: "x", until: inHours(-1) })).toMatchObject({ status: 400 });
  expect(await erin.post("/api/v1/channels/nowhere/pause", { reason: "x", until: inHours(1) })).toMatchObject({
    status: 404,
  });
  const before = told("channel.resumed");
  const again = told("channel.paused");
  await erin.post(path, { reason: "long", until: inHours(1) });
  await engine.eventually("the channel stops", () => told("channel.paused") > again);
  const message = await engine.text("drei");
  await erin.post(path, { reason: "shorter", until: new Date(Date.now() + 5_000).toISOString() });
  await engine.until(message, "filed");
  expect(told("channel.resumed")).toBe(before + 1);
});
