import { describe, expect, it } from "@jest/globals";
import { compileFilter } from "#src/channel/filter/filter.ts";
import { expectLinear } from "../support/growth.ts";
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

  it.each(["content.kind =", "content.kind", "bogus()"])("refuses %s before it is deployed", (expression) => {
    expect(() => compileFilter(expression)).toThrow(expect.objectContaining({ name: "PathFault" }));
  });

  it.each([
    ["content.kind = 'text' ) or true", '")" follows where the expression has ended', 22],
    ["content.kind = 'text' content.text", '"content" follows', 22],
    ["content.kind = 'text' garbage", '"garbage" follows', 22],
    ["content.kind = 'text", "A text has no end", 15],
    ["content.kind = 'text' /* or so", "A comment has no end", 22],
    ["content.knd = 'image'", "The message has no content.knd; expected kind", 8],
    ["contnt.kind = 'image'", "The message has no contnt", 0],
    ["sender.phone.number.exists()", "The message has no sender.phone.number; it has no members", 13],
    ["attachments.where(reference.filename = 'x').exists()", "attachments.reference.filename", 28],
    ["content.text.startsWith(sendr.displayName)", "sendr", 24],
    ["raw.exists()", "The message has no raw", 0],
    ["true", "It is the same for every message", 0],
    ["1 = 1", "It is the same for every message", 0],
    ["'a'.matches('a')", "It is the same for every message", 0],
    ["content.text.exists() or 1 = 1", "A part of it is the same for every message", 25],
    ["content.kind = 'txt'", "It is false for every kind of message there is: text, image", 0],
    ["content.kind != 'txt'", "It is true for every kind", 0],
    ["content.kind in ('images' | 'videos')", "It is false for every kind", 0],
    ["content.text.matches(sender.displayName)", "The pattern of matches() must be written out", 13],
    ["content.text.matches('(?=x)y')", "The pattern is not taken", 0],
    ["content.text.matches('(a)\\\\1')", "The pattern is not taken", 0],
    ["%wekday = 1 and content.kind = 'text'", "fails", 0],
  ])("says what is wrong with %s, and where", (expression, message, offset) => {
    expect(() => compileFilter(expression)).toThrow(
      expect.objectContaining({ name: "PathFault", message: expect.stringContaining(message), offset }),
    );
  });

  it.each([
    "content.answers.anything = 'yes'",
    "attachments.all(stored.type = 'image/jpeg')",
    "attachments.reference.fileName.exists()",
    "content.cards.phones.value.exists() or circumstances.referral.url.exists()",
    "attachments.where($this.verdict = 'clean').count() > 1",
    "content.text.contains(sender.displayName)",
    "content.kind != 'unknown'",
    "now() > @2026-01-01T00:00:00Z",
    "content.kind = 'text' // texts only",
  ])("takes %s", (expression) => {
    expect(() => compileFilter(expression)).not.toThrow();
  });

  it.each([
    ["matches('^(a+)+$')", false],
    ["matches('(a|a)*b$')", false],
    ["matches('(.*a){20}x')", false],
    ["matchesFull('(a+)+b')", false],
    ["replaceMatches('(a+)+$', 'x').startsWith('x')", false],
  ])("takes time in proportion to the text, whatever the pattern: %s", async (call, expected) => {
    const filter = compileFilter(`content.text.${call}`);
    await expectLinear(1_000, (count) => {
      const text = `${"a".repeat(count)}!`;
      for (let times = 0; times < 5; times += 1) {
        expect(filter.passes({ ...message, content: { kind: "text", text } })).toBe(expected);
      }
    });
  });

  it("finds what a pattern means anywhere in a text, or all of it", () => {
    expect(compileFilter("content.text.matches('l{2}')").passes(message)).toBe(true);
    expect(compileFilter("content.text.matchesFull('l{2}')").passes(message)).toBe(false);
    expect(compileFilter("content.text.replaceMatches('l+', 'L') = 'heLo'").passes(message)).toBe(true);
  });
});

describe("the clock of a filter", () => {
  const HOURS = "%weekday <= 5 and %time >= '08:00' and %time < '17:00' and %holiday.not()";
  const passes = (expression: string, receivedAt: string, holidays: string[] = ["DE-NW"], timeZone = "Europe/Berlin") =>
    compileFilter(expression, { timeZone, holidays }).passes({ ...message, receivedAt });

  it.each([
    ["a Monday morning", "2026-11-30T07:00:00Z", true],
    ["a minute before it", "2026-11-30T06:59:00Z", false],
    ["an evening in summer", "2026-07-01T15:00:00Z", false],
    ["an afternoon in summer", "2026-07-01T14:59:00Z", true],
    ["a Saturday", "2026-11-28T10:00:00Z", false],
    ["Christmas", "2026-12-25T10:00:00Z", false],
    ["Good Friday", "2026-04-03T10:00:00Z", false],
    ["Corpus Christi", "2026-06-04T10:00:00Z", false],
    ["an ordinary Friday in spring", "2026-04-10T10:00:00Z", true],
  ])("can say office hours: %s", (_name, at, expected) => {
    expect(passes(HOURS, at)).toBe(expected);
  });

  it("knows the holidays of states, and the house's own", () => {
    expect(passes(HOURS, "2026-06-04T10:00:00Z", ["DE-BE"])).toBe(true);
    expect(passes("%holiday", "2026-11-18T10:00:00Z", ["DE-SN"])).toBe(true);
    expect(passes("%holiday", "2026-11-18T10:00:00Z", ["DE"])).toBe(false);
    expect(passes("%holiday", "2026-10-31T10:00:00Z", ["DE-SN"])).toBe(true);
    expect(passes("%holiday", "2027-12-24T10:00:00Z", ["12-24"])).toBe(true);
    expect(passes("%holiday", "2027-12-24T10:00:00Z", ["2026-12-24"])).toBe(false);
  });

  it("is the channel's, not UTC's: a day begins at its midnight", () => {
    expect(passes("%date = '2026-12-01'", "2026-11-30T23:30:00Z")).toBe(true);
    expect(passes("%date = '2026-11-30'", "2026-11-30T23:30:00Z", [], "UTC")).toBe(true);
    expect(passes("%date = '2026-12-01' and %time = '08:30'", "2026-11-30T23:30:00Z", [], "Asia/Tokyo")).toBe(true);
    expect(passes("today() = @2026-12-01", "2026-11-30T23:30:00Z")).toBe(true);
  });

  it("stands still at the time a message came in", () => {
    expect(passes("now() = @2020-01-01T00:00:00.000Z", "2020-01-01T00:00:00.000Z")).toBe(true);
  });
});
