import { describe, expect, it } from "@jest/globals";
import { compileFilter } from "#src/channel/filter.ts";
import type { Message } from "#src/message/message.ts";

const message: Message = {
  id: "m",
  channel: "c",
  externalId: "e",
  content: { kind: "text", text: "hello" },
  sender: { phone: "4915112345678" },
  conversation: "v",
  sentAt: "2026-01-01T00:00:00.000Z",
  receivedAt: "2026-01-01T00:00:00.000Z",
  attachments: [],
  raw: { type: "text" },
};

describe("a channel's filter", () => {
  it.each([
    ["content.kind = 'text'", true],
    ["content.kind in ('image' | 'unknown')", false],
    ["sender.exists() and attachments.empty()", true],
    ["content.text.startsWith('hell')", true],
    ["content.caption = 'x'", false],
  ])("reads %s as FHIRPath over the message", (expression, passes) => {
    expect(compileFilter(expression).passes(message)).toBe(passes);
  });

  it("does not see what the source sent", () => {
    expect(compileFilter("raw.exists()").passes(message)).toBe(false);
  });

  it.each(["content.kind =", "content.kind", "bogus()"])("refuses %s before it is deployed", (expression) => {
    expect(() => compileFilter(expression)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });
});
