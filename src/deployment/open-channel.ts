import type { Channel } from "#src/channel/channel.ts";
import type { AppliedChange } from "#src/destinations/destination.ts";
import { openLookup } from "./open-lookup.ts";
import { watchLookup } from "./watch-lookup.ts";
import type { Clock } from "#src/message/clock.ts";
import type { DirectoryChange } from "#src/message/directory.ts";
import type { MessageId } from "#src/message/id.ts";
import type { Log } from "#src/telemetry/log.ts";
import type { ConnectorGauge, ConnectorLabels } from "#src/telemetry/metric-list.ts";
import type { Metrics } from "#src/telemetry/metrics.ts";
import type { Proxy } from "#src/wire/http/proxy.ts";
import type { RunningChannel } from "#src/pipeline/running-channel.ts";

interface OpenDeps {
  /** What the environment says of proxies. */
  readonly proxy?: Proxy;
  readonly log: Log;
  readonly clock: Clock;
  readonly metrics: Pick<Metrics, "count" | "gauge">;
  applyToDirectory(change: DirectoryChange, messageId: MessageId): Promise<AppliedChange>;
}

/** Opens the connectors of a channel; nothing listens and nothing is sent yet. */
export function openChannel(deps: OpenDeps, channel: Channel): RunningChannel {
  const named: Log = (level, event, fields) => deps.log(level, event, { channel: channel.id, ...fields });
  const gauge =
    (connector: string) =>
    (name: ConnectorGauge, labels: ConnectorLabels, read: () => number | undefined): void =>
      deps.metrics.gauge(name, { channel: channel.id, connector, ...labels }, read);
  const proxy = deps.proxy && { proxy: deps.proxy };
  const asked = channel.identity?.lookup;
  const watched =
    asked &&
    watchLookup(
      { ...deps, log: named },
      channel.id,
      openLookup(asked, { log: named, gauge: gauge("lookup"), ...proxy }),
      asked.patience_secs * 1_000,
    );
  return {
    id: channel.id,
    language: channel.language,
    sourceName: channel.sourceSpec.name,
    source: channel.sourceSpec.open(channel.sourceConfig, {
      channel: channel.id,
      log: named,
      count: (event, by) => deps.metrics.count("source_events", { channel: channel.id, event }, by),
      gauge: gauge("source"),
      ...proxy,
    }),
    attachments: channel.attachments,
    passes: (message) => channel.filter?.passes(message) ?? true,
    ...(channel.identity && {
      identity: {
        requireLevel: channel.identity.requireLevel,
        ...(channel.identity.reverifyAfterMs !== undefined && { reverifyAfterMs: channel.identity.reverifyAfterMs }),
        ...(channel.identity.caseRule && { caseRule: channel.identity.caseRule }),
        ...(watched && { lookup: watched.lookup }),
      },
    }),
    ...(watched && { lookup: watched.state }),
    clearing: channel.clearing,
    destinations: channel.destinations.map((destination) => ({
      id: destination.id,
      destination: destination.spec.open(destination.config, {
        channel: channel.id,
        destination: destination.id,
        log: (level, event, fields) => named(level, event, { destination: destination.id, ...fields }),
        count: (event, by) =>
          deps.metrics.count("destination_events", { channel: channel.id, destination: destination.id, event }, by),
        gauge: gauge(destination.id),
        ...proxy,
        applyToDirectory: (change, messageId) => deps.applyToDirectory(change, messageId),
      }),
      mapping: destination.mapping,
      params: destination.params,
      onPermanent: destination.onPermanent,
      stopsForMs: destination.stopsForMs,
      shownWithinMs: destination.shownWithinMs,
    })),
    retention: channel.retention,
    ackOnly: channel.waiver !== undefined,
  };
}

/** Closes the connectors of a channel that carries no work any more. */
export async function closeChannel(channel: RunningChannel): Promise<void> {
  await Promise.all([
    channel.source.close(),
    channel.identity?.lookup?.close(),
    ...channel.destinations.map(({ destination }) => destination.close()),
  ]);
}
