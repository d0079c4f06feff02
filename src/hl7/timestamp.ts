/** How instants are written: in which IANA time zone, and whether its offset follows. */
export interface TimestampStyle {
  readonly zone: string;
  readonly offset: boolean;
}

/**
 * HL7 TS to the second from an ISO 8601 instant: "20260102040405+0100", or without the offset where a KIS takes
 * fourteen digits only and means its own local time (HL7 v2.5.1 §2.A.77).
 */
export function timestamp(instant: string, { zone, offset }: TimestampStyle): string {
  const at = new Date(instant);
  const { minute, second, shift } = localTime(zone, at);
  return offset ? `${minute}${second}${shift}` : `${minute}${second}`;
}

interface LocalTime {
  /** YYYYMMDDHHMM. */
  readonly minute: string;
  readonly second: string;
  /** "+0100". */
  readonly shift: string;
}

interface Zone {
  readonly format: Intl.DateTimeFormat;
  /** The last minute asked for, since 1970: a message's instants mostly share one, and formatting costs 10 µs. */
  last?: { readonly minute: number; readonly local: LocalTime };
}

/** Making a format costs a hundred times what using it does. */
const ZONES = new Map<string, Zone>();

function localTime(name: string, at: Date): LocalTime {
  const zone = zoneOf(name);
  const minute = Math.floor(at.getTime() / 60_000);
  if (zone.last?.minute === minute) return { ...zone.last.local, second: twoDigits(at.getUTCSeconds()) };
  const parts = zone.format.formatToParts(at);
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((one) => one.type === type)?.value ?? "";
  // "GMT" for UTC itself, else "GMT+01:00".
  const shift = part("timeZoneName").slice("GMT".length).replace(":", "") || "+0000";
  const local: LocalTime = {
    minute: `${part("year").padStart(4, "0")}${part("month")}${part("day")}${part("hour")}${part("minute")}`,
    second: part("second"),
    shift,
  };
  // Local mean times of the nineteenth century have seconds in their offset.
  if (shift.length === "+0000".length) zone.last = { minute, local };
  return local;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}

function zoneOf(name: string): Zone {
  const known = ZONES.get(name);
  if (known) return known;
  const zone: Zone = { format: formatOf(name) };
  ZONES.set(name, zone);
  return zone;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    calendar: "iso8601",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "longOffset",
  });
}
