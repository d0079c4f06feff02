import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { watchLookup } from "#src/deployment/watch-lookup.ts";
import { BotenstoffError } from "#src/message/error-code.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

function watched() {
  let answer: () => Promise<[]> = () => Promise.resolve([]);
  const told: string[] = [];
  let up: () => number | undefined = () => undefined;
  const { lookup, state } = watchLookup(
    {
      log: (_level, event) => void told.push(event),
      clock: () => Date.now(),
      metrics: { gauge: (_name, _labels, read) => void (up = read) },
    },
    "whatsapp-to-kis",
    { freshForMs: 0, find: () => answer(), close: () => Promise.resolve() },
    60_000,
  );
  return {
    lookup,
    state,
    told,
    up: () => up(),
    answers: (next: () => Promise<[]>) => (answer = next),
    ask: () => lookup.find("4915112345678", AbortSignal.timeout(120_000)),
  };
}

const silence = () => Promise.reject(new BotenstoffError("DESTINATION_NO_ANSWER", "asking: no answer in time"));
const refusal = () => Promise.reject(new BotenstoffError("DESTINATION_REFUSED", "asking: a patient has no identifier"));

test("a look-up that stops answering is down after a while, is told of once, and is up with its first answer", async () => {
  const { ask, answers, told, up, state } = watched();
  await ask();
  expect([up(), state.answersSince()]).toEqual([1, Date.now()]);
  answers(silence);
  for (let times = 0; times < 4; times += 1) {
    await expect(ask()).rejects.toMatchObject({ code: "LOOKUP_UNANSWERED", class: "transient" });
    jest.advanceTimersByTime(5_000);
  }
  expect([up(), state.answersSince(), told]).toEqual([0, undefined, ["lookup.down"]]);
  answers(() => Promise.resolve([]));
  await ask();
  expect([up(), state.answersSince(), told]).toEqual([1, Date.now(), ["lookup.down", "lookup.up"]]);
});

test("what is refused for one number does not make the look-up down", async () => {
  const { ask, answers, told, up } = watched();
  answers(refusal);
  for (let times = 0; times < 4; times += 1) {
    await expect(ask()).rejects.toMatchObject({ code: "LOOKUP_UNANSWERED" });
    jest.advanceTimersByTime(5_000);
  }
  expect([up(), told]).toEqual([1, []]);
});

test("a look-up of a channel that does not ask any more is neither up nor down", async () => {
  const { lookup, up } = watched();
  await lookup.close();
  expect(up()).toBeUndefined();
});

test("it is known whether anybody has asked lately", async () => {
  const { ask, state } = watched();
  expect(state.askedWithin(60_000)).toBe(false);
  await ask();
  expect(state.askedWithin(60_000)).toBe(true);
  jest.advanceTimersByTime(60_000);
  expect(state.askedWithin(60_000)).toBe(false);
});
