import { expect } from "@jest/globals";

const ROUNDS = 3;

/**
 * Expects twice the input to cost about twice the work, by the processor time of the cheapest of a few rounds: whoever else
 * uses the machine does not count. What grows with the square costs four times as much.
 */
export async function expectLinear(size: number, run: (size: number) => unknown): Promise<void> {
  const cost = async (of: number): Promise<number> => {
    let least = Infinity;
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = process.cpuUsage();
      await run(of);
      const { user, system } = process.cpuUsage(before);
      least = Math.min(least, user + system);
    }
    return least;
  };
  // The first run compiles, and is of neither size.
  await run(Math.ceil(size / 2));
  const [once, twice] = [await cost(size), await cost(2 * size)];
  // Below this everything is noise: collecting garbage, compiling.
  const NOISE_US = 20_000;
  expect((twice + NOISE_US) / (once + NOISE_US)).toBeLessThan(3);
}
