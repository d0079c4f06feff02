const TIMESTAMP = /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(?:(\d{2})(?:\.(\d{1,3})\d*)?)?)?([+-]\d{4})?$/;

/** YYYY-MM-DD of an HL7 date or timestamp; undefined when it is less than a day or no date. */
export function dateOf(text: string): string | undefined {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})/.exec(text) ?? [];
  const date = `${year}-${month}-${day}`;
  const at = new Date(date);
  // The thirtieth of February would be taken for the second of March.
  return Number.isNaN(at.getTime()) || !at.toISOString().startsWith(date) ? undefined : date;
}

/**
 * ISO 8601 in UTC of an HL7 timestamp (HL7 v2.5.1 2.A.77), in `timeZone` when it carries no offset; undefined when it
 * is no timestamp.
 */
export function instantOf(text: string, timeZone: string): string | undefined {
  const match = TIMESTAMP.exec(text);
  if (!match) {
    return undefined;
  }
  const [, year, month, day, hour = "00", minute = "00", second = "00", fraction = "", offset] = match;
  const local = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, "0")}Z`);
  if (Number.isNaN(local)) {
    return undefined;
  }
  const instant = offset === undefined ? inZone(local, timeZone) : local - minutes(offset) * 60_000;
  return new Date(instant).toISOString();
}

function minutes(offset: string): number {
  const size = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(3, 5));
  return offset.startsWith("-") ? -size : size;
}

/** The instant at which clocks of the zone show `local`; asked twice because the offset depends on the answer. */
function inZone(local: number, timeZone: string): number {
  const guess = local - offsetAt(local, timeZone);
  return local - offsetAt(guess, timeZone);
}

function offsetAt(instant: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
  const name = format.formatToParts(instant).find(({ type }) => type === "timeZoneName")?.value ?? "GMT";
  const [, sign, hours, rest] = /GMT([+-])(\d{2}):(\d{2})/.exec(name) ?? [];
  return sign === undefined ? 0 : minutes(`${sign}${hours}${rest}`) * 60_000;
}
