import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { Overdue } from "#src/retention/overdue.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test("what is due and still there is told by its age, until it is gone", () => {
  const overdue = new Overdue();
  expect(overdue.seconds()).toBe(0);
  overdue.left([7]);
  jest.advanceTimersByTime(60_000);
  overdue.left([7, 8]);
  expect(overdue.seconds()).toBeCloseTo(60);
  jest.advanceTimersByTime(60_000);
  overdue.left([8]);
  expect(overdue.seconds()).toBeCloseTo(60);
  overdue.left([]);
  expect(overdue.seconds()).toBe(0);
});
