import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { timestamp } from "#src/hl7/timestamp.ts";

const BERLIN = "Europe/Berlin";

test("an instant in UTC has its offset, or none where the KIS takes fourteen digits", () => {
  expect(timestamp("2026-01-02T03:04:05.678Z", { zone: "UTC", offset: true })).toBe("20260102030405+0000");
  expect(timestamp("2026-01-02T03:04:05.678Z", { zone: "UTC", offset: false })).toBe("20260102030405");
});

test("local time follows the change of the clocks", () => {
  const at = (instant: string) => timestamp(instant, { zone: BERLIN, offset: true });
  expect(at("2026-03-29T00:59:59Z")).toBe("20260329015959+0100");
  expect(at("2026-03-29T01:00:00Z")).toBe("20260329030000+0200");
  // The hour that comes twice is told apart by its offset.
  expect(at("2026-10-25T00:30:00Z")).toBe("20261025023000+0200");
  expect(at("2026-10-25T01:30:00Z")).toBe("20261025023000+0100");
  expect(at("2026-12-31T23:00:00Z")).toBe("20270101000000+0100");
});

test("midnight is hour 00", () => {
  expect(timestamp("2026-01-01T23:00:00Z", { zone: BERLIN, offset: false })).toBe("20260102000000");
});

test("with its offset it is the same instant in every zone", () => {
  const zones = fc.constantFrom("UTC", BERLIN, "Asia/Kathmandu", "America/St_Johns");
  const instants = fc.date({ min: new Date("1990-01-01Z"), max: new Date("2090-01-01Z"), noInvalidDate: true });
  fc.assert(
    fc.property(instants, zones, (date, zone) => {
      const text = timestamp(date.toISOString(), { zone, offset: true });
      const [, y, mo, d, h, mi, s, oh, om] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)([+-]\d\d)(\d\d)$/.exec(text)!;
      expect(Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}${oh}:${om}`)).toBe(Math.floor(date.getTime() / 1_000) * 1_000);
    }),
  );
});

test("instants of one minute differ in their seconds only, whichever is asked for first", () => {
  const at = (instant: string) => timestamp(instant, { zone: "America/St_Johns", offset: true });
  expect(at("2026-07-01T12:00:59.999Z")).toBe("20260701093059-0230");
  expect(at("2026-07-01T12:00:00.000Z")).toBe("20260701093000-0230");
  expect(at("2026-07-01T12:01:00.000Z")).toBe("20260701093100-0230");
  expect(at("2026-07-01T11:59:07.000Z")).toBe("20260701092907-0230");
});
