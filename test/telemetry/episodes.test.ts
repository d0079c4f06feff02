import { expect, test } from "@jest/globals";
import { Episodes, type Episode } from "#src/telemetry/episodes.ts";

test("an episode begins once, and is over when somebody says so", () => {
  const episodes = new Episodes();
  expect([episodes.happened("a"), episodes.happened("a"), episodes.happened("b")]).toEqual([true, false, true]);
  expect(episodes.over("a")).toMatchObject({ count: 2 });
  expect(episodes.over("a")).toBeUndefined();
  expect(episodes.happened("a")).toBe(true);
});

test("an episode is over when it has been quiet for long enough", async () => {
  const episodes = new Episodes(20);
  const over = new Promise<Episode>((resolve) => {
    for (let nth = 0; nth < 3; nth++) episodes.happened("a", resolve);
  });
  expect(await over).toMatchObject({ count: 3 });
  expect(episodes.happened("a")).toBe(true);
});

test("whoever causes more episodes than anybody could read does not fill the log", () => {
  const episodes = new Episodes();
  const begun = Array.from({ length: 5_000 }, (_, nth) => episodes.happened(String(nth))).filter(Boolean);
  expect(begun).toHaveLength(1_000);
});
