import type { AccessSettings } from "#src/access/settings.ts";
import { startJournalFeed } from "#src/audit/feed.ts";
import type { Metrics } from "#src/telemetry/metrics.ts";
import { sendSyslog } from "#src/wire/syslog/send.ts";
import { openTls } from "#src/wire/tls/client-tls.ts";
import type { Foundation } from "./foundation.ts";

/** For a batch: shorter than its lease (feed.ts). */
const TIMEOUT_MS = 30_000;

/**
 * Sends the journal by syslog where the settings name a receiver.
 * @throws BotenstoffError CONFIG_INVALID where its certificate files cannot be used
 */
export function feedJournal(
  { syslog }: AccessSettings["journal"],
  { store, sealer, owner, clock, log }: Pick<Foundation, "store" | "sealer" | "owner" | "clock" | "log">,
  metrics: Pick<Metrics, "gauge">,
): { stop(): Promise<void> } {
  if (!syslog) return { stop: () => Promise.resolve() };
  const { host, port, format } = syslog;
  const tls = openTls(syslog.tls, {
    log,
    gauge: (name, labels, read) => metrics.gauge(name, { channel: "", connector: "syslog", ...labels }, read),
  });
  const receiver = { host, port, tls: tls.client, timeoutMs: TIMEOUT_MS };
  const feed = startJournalFeed({
    ...{ store, sealer, format, owner, metrics, now: clock, log },
    send: (messages, signal) => sendSyslog(receiver, messages, signal),
  });
  return {
    stop: async () => {
      await feed.stop();
      tls.close();
    },
  };
}
