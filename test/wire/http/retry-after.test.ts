import { describe, expect, it } from "@jest/globals";
import { retryAfterMs } from "#src/wire/http/retry-after.ts";

const NOW = Date.parse("2026-11-29T10:00:00Z");

describe("how long a server asks us to wait", () => {
  it.each([
    ["seconds", { "retry-after": "5" }, 5_000],
    ["a date", { "retry-after": "Sun, 29 Nov 2026 10:00:08 GMT" }, 8_000],
    [
      "a date, by the clock of a server whose clock is wrong",
      { "retry-after": "Sun, 29 Nov 2026 12:00:08 GMT", date: "Sun, 29 Nov 2026 12:00:00 GMT" },
      8_000,
    ],
    [
      "milliseconds, as Azure says it, before anything else",
      { "x-ms-retry-after-ms": "750.5", "retry-after": "9" },
      751,
    ],
    ["a day, which is cut to five minutes", { "retry-after": "86400" }, 300_000],
    ["a date that has passed", { "retry-after": "Sun, 29 Nov 2026 09:00:00 GMT" }, 0],
    ["nothing readable", { "retry-after": "soon" }, undefined],
    ["nothing", {}, undefined],
  ])("is read from %s", (_what, headers, expected) => expect(retryAfterMs(headers, NOW)).toBe(expected));
});
