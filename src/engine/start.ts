import { createAccess } from "#src/access/access.ts";
import { readAccess } from "#src/access/load.ts";
import { startSweep } from "#src/access/sweep.ts";
import { createApp } from "#src/api/app.ts";
import { createClients } from "#src/api/clients.ts";
import type { ApiDeps } from "#src/api/deps.ts";
import { watchAlerts } from "#src/alerts/watch.ts";
import { createMetrics } from "#src/api/routes/metrics.ts";
import { TlsFiles } from "#src/wire/tls/tls-files.ts";
import { createInspector } from "#src/attachments/inspector.ts";
import { createLargeGate } from "#src/attachments/large-gate.ts";
import { createScanner } from "#src/attachments/scanner.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { createClearing } from "#src/clearing/clearing.ts";
import { watchClearing } from "#src/clearing/watch.ts";
import { taskPolicyOf } from "#src/clearing/policy.ts";
import { termsOf } from "#src/decisions/terms.ts";
import { startCompletingNumbers } from "#src/identity/number-index.ts";
import { watchDatabaseClock } from "#src/pipeline/database-clock.ts";
import { createDeployment } from "#src/deployment/deployment.ts";
import type { Log } from "#src/telemetry/log.ts";
import type { PipelineDeps } from "#src/pipeline/deps.ts";
import { settingAside } from "#src/pipeline/unbookable.ts";
import { watchUnasked } from "#src/pipeline/prepare/unasked.ts";
import { watchParkedLanes } from "#src/pipeline/deliver/parked.ts";
import { startForgetting } from "#src/pipeline/follow/forget.ts";
import { startFollowingLate } from "#src/pipeline/follow/late.ts";
import { HandOver } from "#src/lanes/hand-over.ts";
import { createIntake } from "#src/pipeline/intake/intake.ts";
import { createLeases } from "#src/lanes/lease.ts";
import { createExamination } from "#src/lanes/suspicion.ts";
import { openChannel } from "#src/deployment/open-channel.ts";
import { watchForLostWork } from "#src/lanes/lost-work.ts";
import { createSettle } from "#src/pipeline/settle.ts";
import { createWatch } from "#src/lanes/watch.ts";
import { createWorker, type HandOvers } from "#src/pipeline/worker.ts";
import type { Keyring } from "#src/seal/keyring/keyring.ts";
import { checkKeyring } from "#src/retention/check-keyring.ts";
import { checkLedger } from "#src/retention/purge.ts";
import { startSchedule } from "#src/retention/schedule.ts";
import { taskBacklogs } from "#src/store/sql/clearing-clock.ts";
import { directoryIsEmpty, oldestUnconfirmed } from "#src/store/sql/waits.ts";
import { countWaits } from "#src/store/sql/late-attachments.ts";
import { countRehomings } from "#src/store/sql/rehomings.ts";
import { listPurges } from "#src/store/sql/purge.ts";
import { countMessages, oldestUnfiled, stageBacklogs } from "#src/store/sql/messages.ts";
import { watchChannels } from "./channel-files.ts";
import { watermark, type FreeBytes } from "./disk.ts";
import { refuseExposure } from "./exposure.ts";
import { openFoundation } from "./foundation.ts";
import { feedJournal } from "./journal-feed.ts";
import { openListeners, reasonsOf, type Listeners } from "./listeners.ts";
import type { Settings } from "./settings.ts";
import { createLive } from "#src/api/live.ts";
import { createPages } from "#src/web/server/pages.ts";
import { certificatesOf } from "./certificates.ts";
import { watchPauses } from "./pauses.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { watchAlertsFile } from "./alerts-file.ts";
import { offerVitals } from "./vitals.ts";
import { watchTls } from "./tls-renewal.ts";
import { webhookDoors } from "./webhook-doors.ts";

/** Open requests and running turns get this long at a stop, within the 30 s a container runtime usually grants. */
const DRAIN_MS = 25_000;

interface Stoppable {
  stop(): void | Promise<void>;
}

/** A running engine. */
export interface Engine {
  readonly url: string;
  /** Where each part is served. */
  readonly urls: Listeners["urls"];
  /** Drains and closes everything; resolves when nothing is left open. */
  stop(): Promise<void>;
}

/**
 * Builds the engine from its settings and starts it: the only place where rooms meet.
 * @param freeBytes what looks at the disk, for tests of a full one
 */
export async function startEngine(settings: Settings, log: Log, freeBytes?: FreeBytes): Promise<Engine> {
  refuseExposure(settings);
  const clients = createClients(settings);
  const tls =
    settings.tls &&
    new TlsFiles(settings.tls, (event, reason) =>
      log(reason === undefined ? "info" : "error", event, { server: "http", ...(reason !== undefined && { reason }) }),
    );
  const accessSettings = await readAccess({ file: settings.accessFile, env: settings.env });
  const foundation = await openFoundation(settings, log);
  const { store, clock, sealer, blindIndex, directory, journal, note, retention } = foundation;
  try {
    await checkKeyring(retention);
    await checkLedger(retention);
  } catch (error) {
    await foundation.close();
    throw error;
  }
  const metrics = createMetrics({
    countMessages: () => countMessages(store.reading),
    stageBacklogs: () => stageBacklogs(store.reading),
    oldestUnfiled: () => oldestUnfiled(store.reading),
    countWaits: () => countWaits(store.reading),
    countRehomings: () => countRehomings(store.reading),
    oldestUnconfirmed: () => oldestUnconfirmed(store.reading),
    directoryIsEmpty: () => directoryIsEmpty(store.reading),
    taskBacklogs: () => taskBacklogs(store.reading),
    now: clock,
  });
  const access = createAccess({
    store,
    sealer,
    blindIndex,
    settings: accessSettings,
    now: clock,
    ...(settings.apiToken && { environment: settings.apiToken }),
  });
  const inspector = createInspector();
  const mayStore = watermark(settings.dataDir, settings.minFreeBytes, freeBytes);
  const deps: PipelineDeps = {
    ...foundation,
    inspector,
    mayStore,
    largeGate: createLargeGate(),
    ...(settings.clamd && { scanner: createScanner({ address: settings.clamd }) }),
    leaseMs: settings.leaseMs,
    examination: createExamination(),
    metrics,
    channels: (id) => deployment.get(id),
  };
  const watch = createWatch(store);
  const leases = createLeases(deps);
  const handOvers: HandOvers = { prepare: new HandOver(leases), deliver: new HandOver(leases) };
  const settle = settingAside(deps, createSettle(deps, watch, handOvers.deliver));
  const worker = createWorker(deps, settle, leases, handOvers);
  const intake = createIntake(deps, watch, handOvers.prepare);
  const deployment = createDeployment({
    // Webhooks ask for themselves, before they wait for room (take-in.ts).
    intake: async (event, shares) => {
      if (!(await mayStore())) throw new BotenstoffError("STORE_FULL", "taking an event: the disk is too full");
      return intake(event, shares);
    },
    worker,
    log,
    open: (channel) =>
      openChannel(
        {
          ...(settings.proxy && { proxy: settings.proxy }),
          ...{ log, clock, metrics },
          applyToDirectory: (change) => directory.apply(change),
        },
        channel,
      ),
    journal: note,
  });
  let draining = false;
  const live = createLive(store.reading);
  const clearing = {
    ...foundation,
    policyOf: (id: string) => taskPolicyOf(deployment.get(id)),
    channels: () => deployment.all().flatMap(({ id, identity }) => (identity ? [id] : [])),
  };
  const api: Omit<ApiDeps, "connections"> = {
    store: { query: (text, values) => store.reading.query(text, values), transaction: (run) => store.transaction(run) },
    sealer,
    blindIndex,
    blobs: foundation.blobs,
    inspector,
    metrics,
    log,
    now: clock,
    access,
    terms: () => termsOf(deps),
    clearing: createClearing(clearing),
    webhook: webhookDoors(deployment, intake),
    channels: () => deployment.status(),
    retention: () => deployment.all().map(({ id, retention }) => ({ id, ...retention })),
    signingKeys: () => [signingKeyOf(foundation.keyring)],
    live,
    pages: createPages({ log }),
    alertRules: () => alerts.current()?.rules ?? [],
    purges: (limit) => listPurges(store.reading, limit),
    journal: (entry, db) => journal(db, entry.action, entry.subject, entry.detail, entry.actor, entry.who),
    ready: () => readiness(),
    wake: (channel) => worker.wake(channel),
    mayStore,
    clients,
  };

  async function readiness() {
    const database = await store.query("SELECT 1").then(
      () => true,
      () => false,
    );
    const channels = deployment.all().length > 0;
    const disk = await mayStore();
    return { ok: database && channels && disk && !draining, checks: { database, channels, disk, draining } };
  }

  const alerts = await watchAlertsFile(settings, { log, note });
  const files: Stoppable[] = [];
  let server: Listeners | undefined;
  /** What runs beside the channels. */
  const beside: Stoppable[] = [alerts];
  const halt = async () => {
    draining = true;
    live.close();
    const until = performance.now() + DRAIN_MS;
    for (const one of files) await one.stop();
    await Promise.all([server?.close(), deployment.stopListening()]);
    await worker.drain(Math.max(0, until - performance.now()));
    inspector.close();
    for (const one of beside) await one.stop();
    await deployment.close();
  };
  try {
    files.push(await watchPauses({ store: store.reading, clock, log, metrics }, deployment));
    files.push(await watchChannels(settings, log, (wanted) => deployment.apply(wanted)));
    beside.push(
      await offerVitals({ ...settings, metrics, channels: () => deployment.status() }),
      watchAlerts({ store, clock, log, metrics, samples: () => metrics.samples(), rules: () => alerts.current() }),
    );
    beside.push(startForgetting(deps), startFollowingLate(deps), watchForLostWork(deps), watchDatabaseClock(deps));
    beside.push(
      startSweep({
        ...{ store, settings: accessSettings, metrics, now: clock, log },
        sweepSessions: () => access.sessions.sweep(),
      }),
    );
    beside.push(startCompletingNumbers(foundation), feedJournal(accessSettings.journal, foundation, metrics));
    beside.push(watchClearing(clearing));
    beside.push(watchParkedLanes(deps, () => deployment.all()));
    beside.push(watchUnasked(deps, () => deployment.all()));
    beside.push(startSchedule({ ...retention, metrics }, deployment));
    beside.push(
      startHeartbeat({
        ...{ store, owner: foundation.owner, clock, log, mayStore },
        ...{ dataDir: settings.dataDir, minFreeBytes: settings.minFreeBytes },
        channels: () => deployment.all().length,
        certificates: () => certificatesOf(metrics, clock()),
        breakers: () => worker.breakers().map(({ waitMs, ...one }) => ({ ...one, probe_in_ms: Math.round(waitMs) })),
      }),
    );
    const started = await openListeners(settings, tls?.current().options, (parts, connections) =>
      createApp({ ...api, connections }, parts),
    );
    server = started;
    if (tls) beside.push(watchTls({ log, metrics, now: clock }, tls, (renewed) => started.renew(renewed)));
    await note("engine.started", foundation.owner, reasonsOf(settings));
  } catch (error) {
    // An engine without its door must not stay behind: it would keep taking ADT messages, and nobody would start it anew.
    await halt().finally(() => foundation.close());
    throw error;
  }
  const { url, urls } = server;
  log("info", "engine.started", { url, ...(settings.apart.length > 0 && urls) });
  return {
    url,
    urls,
    stop: async () => {
      log("info", "engine.draining");
      await halt();
      // A database that is away must not keep the engine from ending.
      await note("engine.stopped", foundation.owner).catch(() => log("error", "engine.stop_not_journaled"));
      await foundation.close();
      log("info", "engine.stopped");
    },
  };
}

function signingKeyOf(keyring: Keyring) {
  const { keyId, publicKey } = keyring.signingKey();
  return { id: keyId, publicKey: publicKey.export({ type: "spki", format: "der" }) };
}
