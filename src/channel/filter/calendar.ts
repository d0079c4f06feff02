/** Where and by which holidays a channel tells the time. */
export interface Calendar {
  /** IANA name. */
  readonly timeZone: string;
  /** "DE", "DE-BY", a date ("2026-12-24") or a day of every year ("12-24"). */
  readonly holidays: readonly string[];
}

/** An instant as a clock on the wall and a calendar beside it show it. */
export interface WallTime {
  /** YYYY-MM-DD. */
  readonly date: string;
  /** HH:MM, of 24 hours. */
  readonly time: string;
  /** 1 is Monday, 7 is Sunday. */
  readonly weekday: number;
  readonly holiday: boolean;
}

export const STATES = "BB BE BW BY HB HE HH MV NI NW RP SH SL SN ST TH".split(" ");

const EVERYWHERE = ["01-01", "05-01", "10-03", "12-25", "12-26"];
/** Days from Easter Sunday: Good Friday, Easter Monday, Ascension, Whit Monday. */
const BY_EASTER = [-2, 1, 39, 50];
const CORPUS_CHRISTI = 60;
/** Public holidays of the whole of a state. */
const OF_STATES: readonly (readonly [day: string, states: string])[] = [
  ["01-06", "BW BY ST"],
  ["03-08", "BE MV"],
  ["08-15", "SL"],
  ["09-20", "TH"],
  ["10-31", "BB HB HH MV NI SH SN ST TH"],
  ["11-01", "BW BY NW RP SL"],
];
const WITH_CORPUS_CHRISTI = "BW BY HE NW RP SL";
const DAY_MS = 86_400_000;

export function wallTime(instant: string, { timeZone, holidays }: Calendar): WallTime {
  // Swedish writes dates as ISO 8601 does.
  const [date = "", time = ""] = new Date(instant).toLocaleString("sv-SE", { timeZone }).split(" ");
  const weekday = new Date(date).getUTCDay() || 7;
  return { date, time: time.slice(0, 5), weekday, holiday: holidays.some((said) => isHoliday(date, said)) };
}

function isHoliday(date: string, said: string): boolean {
  const day = date.slice(5);
  if (!said.startsWith("DE")) return said === date || said === day;
  if (EVERYWHERE.includes(day)) return true;
  const easter = easterSunday(Number(date.slice(0, 4)));
  const afterEaster = Math.round((Date.parse(date) - easter) / DAY_MS);
  if (BY_EASTER.includes(afterEaster)) return true;
  const state = said.slice(3);
  if (state === "") return false;
  if (OF_STATES.some(([fixed, states]) => fixed === day && states.includes(state))) return true;
  if (afterEaster === CORPUS_CHRISTI) return WITH_CORPUS_CHRISTI.includes(state);
  // Repentance: the Wednesday before the 23rd of November.
  return state === "SN" && day >= "11-16" && day <= "11-22" && new Date(date).getUTCDay() === 3;
}

/** Gregorian (Meeus, Jones, Butcher). */
function easterSunday(year: number): number {
  const a = year % 19;
  const [b, c] = [Math.floor(year / 100), year % 100];
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - Math.floor(b / 4) - g + 15) % 30;
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - (c % 4)) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const month = Math.floor((h + l - 7 * m + 114) / 31);
  return Date.UTC(year, month - 1, ((h + l - 7 * m + 114) % 31) + 1);
}
