import { computed, signal } from "@preact/signals";
import { language, words } from "./words/index.ts";

/** The page's clock for ages and countdowns. */
export const now = signal(Date.now());
setInterval(() => (now.value = Date.now()), 1_000);

const formats = computed(() => {
  const tag = language.value === "de" ? "de-DE" : "en-GB";
  // 04/12 is April to some and December to others.
  const month = language.value === "de" ? "2-digit" : "short";
  return {
    time: new Intl.DateTimeFormat(tag, { hour: "2-digit", minute: "2-digit", second: "2-digit" }),
    day: new Intl.DateTimeFormat(tag, { day: "2-digit", month }),
    date: new Intl.DateTimeFormat(tag, { day: "2-digit", month, year: "numeric" }),
    calendar: new Intl.DateTimeFormat(tag, { day: "2-digit", month, year: "numeric", timeZone: "UTC" }),
    exact: new Intl.DateTimeFormat(tag, { dateStyle: "full", timeStyle: "long" }),
    number: new Intl.NumberFormat(tag),
  };
});

export function count(value: number): string {
  return formats.value.number.format(value);
}

/** Today "10:41:03", older "28.11. 10:41:03", of another year "28.11.2025". */
export function shortTime(iso: string): string {
  const at = new Date(iso);
  const today = new Date(now.value);
  if (at.getFullYear() !== today.getFullYear()) return formats.value.date.format(at);
  const time = formats.value.time.format(at);
  return at.toDateString() === today.toDateString() ? time : `${formats.value.day.format(at)} ${time}`;
}

export function exactTime(iso: string): string {
  return formats.value.exact.format(new Date(iso));
}

export function dayOf(iso: string): string {
  return formats.value.day.format(new Date(iso));
}

/** A day without a time, such as a birth date: "1960-04-30". */
export function calendarDay(day: string): string {
  const at = new Date(`${day.slice(0, 10)}T12:00:00Z`);
  return Number.isNaN(at.getTime()) ? day : formats.value.calendar.format(at);
}

/** A span in the unit a person would say. */
export function span(ms: number): string {
  const { age } = words.value;
  const s = Math.max(0, Math.round(ms / 1_000));
  if (s < 90) return age.s(s);
  if (s < 90 * 60) return age.min(Math.round(s / 60));
  if (s < 36 * 3_600) return age.h(Math.round(s / 3_600));
  return age.d(Math.round(s / 86_400));
}

export function ageOf(iso: string): string {
  return span(now.value - Date.parse(iso));
}

export function bytes(size: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = size < 1 ? 0 : Math.min(4, Math.floor(Math.log10(size) / 3));
  return `${count(Math.round((size / 1_000 ** power) * 10) / 10)} ${units[power] ?? ""}`;
}

/** As an input for local times wants it; empty for what is no time. */
export function localTime(at: Date): string {
  return Number.isNaN(at.getTime())
    ? ""
    : new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
