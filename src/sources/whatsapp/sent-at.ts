/** WhatsApp was founded in 2009; nothing was sent before. */
const EARLIEST_MS = Date.UTC(2009, 0, 1);
const DAY_MS = 86_400_000;

/**
 * ISO 8601 UTC of a Unix time in seconds, written as string or number. A time before WhatsApp existed or more than a day
 * ahead of the reception is a mistake or another unit: then the reception counts.
 */
export function sentAt(timestamp: unknown, receivedAt: string): string {
  if (typeof timestamp !== "number" && !(typeof timestamp === "string" && /^\d{1,12}$/.test(timestamp)))
    return receivedAt;
  const at = Number(timestamp) * 1_000;
  return at >= EARLIEST_MS && at <= Date.parse(receivedAt) + DAY_MS ? new Date(at).toISOString() : receivedAt;
}
