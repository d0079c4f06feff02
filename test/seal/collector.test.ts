import { expect, test } from "@jest/globals";
import { createCollector } from "#src/seal/blobs/collector.ts";

test("what pieces leave behind is collected every few megabytes, whoever moved them", () => {
  let collected = 0;
  const moved = createCollector(() => (collected += 1));
  for (let piece = 0; piece < 9; piece += 1) moved(1024 * 1024);
  expect(collected).toBe(4);
});
