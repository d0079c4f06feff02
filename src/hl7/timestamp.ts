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
  const parts = formatFor(zone).formatToParts(new Date(instant));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((one) => one.type === type)?.value ?? "";
  const local = `${part("year").padStart(4, "0")}${part("month")}${part("day")}${part("hour")}${part("minute")}${part("second")}`;
  // "GMT" for UTC itself, else "GMT+01:00".
  const shift = part("timeZoneName").slice("GMT".length).replace(":", "");
  return offset ? `${local}${shift === "" ? "+0000" : shift}` : local;
}

/** Making a format costs a hundred times what using it does. */
const FORMATS = new Map<string, Intl.DateTimeFormat>();

function formatFor(zone: string): Intl.DateTimeFormat {
  const known = FORMATS.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat("en-GB", {
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
  FORMATS.set(zone, format);
  return format;
}
