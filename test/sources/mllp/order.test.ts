import { describe, expect, test } from "@jest/globals";
import { mllpSourceConfig } from "#src/sources/mllp/config.ts";
import { mllpSource } from "#src/sources/mllp/source.ts";

describe("messages of an MLLP source", () => {
  test("are kept in the order of the whole feed unless told otherwise", () => {
    expect(conversations({})).toEqual(["feed", "feed", "feed", "feed"]);
  });

  test("are kept in the order of each patient where the channel says so", () => {
    const [first, second, again, nobody] = conversations({ order: "patient" });
    expect(first).toBe(again);
    expect(first).not.toBe(second);
    expect(nobody).toBe("feed");
  });
});

function conversations(settings: object): string[] {
  const config = mllpSourceConfig.parse({ type: "mllp", port: 0, ...settings });
  const source = mllpSource.open(config, {
    channel: "feed",
    log: () => undefined,
    count: () => undefined,
    gauge: () => undefined,
  });
  return ["1", "2", "1", ""].flatMap((patient) => {
    const raw = Buffer.from(`MSH|^~\\&|KIS|H|||20260101||ADT^A08|C${patient}|P|2.5\rPID|1||${patient}\r`);
    return source.split({ raw, receivedAt: "2026-01-01T00:00:00.000Z" }).messages.map((draft) => draft.conversation);
  });
}
