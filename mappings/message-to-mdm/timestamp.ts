/** HL7 TS with seconds and offset from an ISO 8601 instant in UTC: "2026-01-02T03:04:05.678Z" → "20260102030405+0000". */
export function timestamp(instant: string): string {
  return `${instant.slice(0, 19).replaceAll(/[-T:]/g, "")}+0000`;
}
