import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createApp } from "#src/api/app.ts";
import { createMetrics } from "#src/api/metrics.ts";
import { createInspector } from "#src/pipeline/attachment/inspector.ts";
import { createScanner } from "#src/pipeline/attachment/scanner.ts";
import { createDeployment } from "#src/pipeline/deployment.ts";
import type { Log, PipelineDeps } from "#src/pipeline/deps.ts";
import { startForgetting } from "#src/pipeline/forget.ts";
import { createIntake } from "#src/pipeline/intake.ts";
import { openChannel } from "#src/pipeline/open-channel.ts";
import { shareOut } from "#src/pipeline/share-out.ts";
import { createSettle } from "#src/pipeline/settle.ts";
import { createWatch } from "#src/pipeline/watch.ts";
import { createWorker } from "#src/pipeline/worker.ts";
import type { InboundEvent, WebhookRequest } from "#src/sources/source.ts";
import { checkLedger } from "#src/retention/purge.ts";
import { startSchedule } from "#src/retention/schedule.ts";
import { listPurges } from "#src/store/sql/purge.ts";
import { countMessages, oldestUnfiled, stageBacklogs } from "#src/store/sql/messages.ts";
import { watchChannels } from "./channel-files.ts";
import { mayStore } from "./disk.ts";
import { openFoundation } from "./foundation.ts";
import type { Settings } from "./settings.ts";

/** Running turns get this long at a stop, within the 30 s a container runtime usually grants. */
const DRAIN_MS = 25_000;

/** A running engine. */
export interface Engine {
  readonly url: string;
  /** Drains and closes everything; resolves when nothing is left open. */
  stop(): Promise<void>;
}

/** Builds the engine from its settings and starts it: the only place where rooms meet. */
export async function startEngine(settings: Settings, log: Log): Promise<Engine> {
  const foundation = await openFoundation(settings, log);
  const { store, clock, sealer, blindIndex, directory, journal, retention } = foundation;
  try {
    await checkLedger(retention);
  } catch (error) {
    await foundation.close();
    throw error;
  }
  const metrics = createMetrics({
    countMessages: () => countMessages(store.reading),
    stageBacklogs: () => stageBacklogs(store.reading),
    oldestUnfiled: () => oldestUnfiled(store.reading),
    now: clock,
  });
  const inspector = createInspector();
  const deps: PipelineDeps = {
    ...foundation,
    inspector,
    ...(settings.clamd && { scanner: createScanner({ address: settings.clamd }) }),
    leaseMs: settings.leaseMs,
    metrics,
    channels: (id) => deployment.get(id),
  };
  const watch = createWatch(store);
  const settle = createSettle(deps, watch, (channel) => worker.wake(channel));
  const worker = createWorker(deps, settle);
  const intake = createIntake(deps, watch, (channel) => worker.wake(channel));
  const deployment = createDeployment({
    intake,
    worker,
    log,
    open: (channel) => openChannel({ log, metrics, applyToDirectory: (change) => directory.apply(change) }, channel),
    journal: (action, channel, detail) => journal(store, action, channel, detail),
  });
  let draining = false;
  const app = createApp({
    store: { query: (text, values) => store.reading.query(text, values), transaction: (run) => store.transaction(run) },
    sealer,
    blindIndex,
    metrics,
    log,
    now: clock,
    ...(settings.apiToken && { apiToken: settings.apiToken }),
    webhook: (id) => webhookOf(id),
    channels: () => deployment.status(),
    purges: (limit) => listPurges(store.reading, limit),
    journal: (entry) => journal(store, entry.action, entry.subject, entry.detail, entry.actor),
    ready: () => readiness(),
    wake: (channel) => worker.wake(channel),
    mayStore: () => mayStore(settings.dataDir),
  });

  function webhookOf(id: string) {
    const channel = deployment.get(id);
    const webhook = channel?.source.webhook;
    if (!channel || !webhook) return undefined;
    return {
      challenge: (query: URLSearchParams) => webhook.challenge(query),
      authenticate: (request: WebhookRequest) => webhook.authenticate(request),
      intake: async (event: InboundEvent, request: WebhookRequest) => {
        await intake(
          event,
          shareOut(id, channel.source.split(event), (address) => ownerOf(address, request)),
        );
      },
    };
  }

  /** The one channel that owns the address and would have believed the request at its own door. */
  function ownerOf(address: string, request: WebhookRequest): string | undefined {
    const owners = deployment.all().filter(({ source }) => source.address === address);
    const [owner] = owners;
    return owners.length === 1 && owner?.source.webhook?.authenticate(request) ? owner.id : undefined;
  }

  async function readiness() {
    const database = await store.query("SELECT 1").then(
      () => true,
      () => false,
    );
    const channels = deployment.all().length > 0;
    const disk = await mayStore(settings.dataDir);
    return { ok: database && channels && disk && !draining, checks: { database, channels, disk, draining } };
  }

  const files = await watchChannels(settings, log, (wanted) => deployment.apply(wanted));
  const forgetting = startForgetting(deps);
  const schedule = startSchedule(retention, () => deployment.all());
  const server = createServer(app);
  const url = await listen(server, settings);
  await journal(store, "engine.started", foundation.owner, {});
  log("info", "engine.started", { url });
  return {
    url,
    stop: async () => {
      draining = true;
      log("info", "engine.draining");
      await files.stop();
      await Promise.all([closeServer(server), deployment.stopListening()]);
      await worker.drain(DRAIN_MS);
      inspector.close();
      await forgetting.stop();
      await schedule.stop();
      await deployment.close();
      await journal(store, "engine.stopped", foundation.owner, {});
      await foundation.close();
      log("info", "engine.stopped");
    },
  };
}

/** Time-outs against slow senders: Meta sends 3 MB in well under these. */
function listen(server: Server, settings: Settings): Promise<string> {
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(settings.httpPort, settings.httpHost, () => {
      const { address, port } = server.address() as AddressInfo;
      resolve(`http://${address.includes(":") ? `[${address}]` : address}:${port}`);
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
