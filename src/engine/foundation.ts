import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { hostname, uptime } from "node:os";
import { join } from "node:path";
import { record, type JournalAction, type Who } from "#src/audit/journal.ts";
import { sealWho } from "#src/audit/who.ts";
import { redeemCode } from "#src/identity/codes.ts";
import { createContacts } from "#src/identity/contacts.ts";
import { createDirectory } from "#src/identity/directory.ts";
import { resolveDecided, type Requirement } from "#src/identity/resolve.ts";
import { createResolver } from "#src/identity/resolver.ts";
import type { Contact } from "#src/message/contact.ts";
import { steadyClock } from "#src/message/clock.ts";
import type { Log } from "#src/telemetry/log.ts";
import { followDirectory, type ReaddressDeps } from "#src/pipeline/follow/readdress.ts";
import type { RetentionDeps } from "#src/retention/deps.ts";
import { openLedger } from "#src/retention/ledger.ts";
import { createBlindIndex } from "#src/seal/blind-index.ts";
import { createBlobStore } from "#src/seal/blobs/blob-store.ts";
import { openFileKeyring } from "#src/seal/keyring/file-keyring.ts";
import { readMasterKey } from "#src/seal/keyring/master-key.ts";
import { createSealer } from "#src/seal/sealer.ts";
import { openStore } from "#src/store/data-source.ts";
import { findEmbedded, startEmbedded } from "#src/store/server/server.ts";
import { createEpochs } from "#src/store/epochs.ts";
import type { Transaction } from "#src/store/queryable.ts";
import type { Settings } from "./settings.ts";

/**
 * Opens everything that outlives a channel: keys, database, blobs, directory, journal. Used by `serve` and by the
 * commands that work on a stopped engine's data.
 * @param beside shares the embedded database of an engine that may be running
 * @throws BotenstoffError CONFIG_INVALID, MASTER_KEY_MISSING, MASTER_KEY_WRONG, DATA_DIR_IN_USE, STORE_UNAVAILABLE
 */
export async function openFoundation(settings: Settings, log: Log, beside = false) {
  const masterKey = readMasterKey(settings.masterKeyFile);
  const data = (name: string) => join(settings.dataDir, name);
  mkdirSync(settings.dataDir, { recursive: true });
  const keyring = openFileKeyring({ directory: data("keyring"), masterKey });
  const directoryOfServer = { directory: data("postgres") };
  const shared = settings.databaseUrl ?? (beside ? await findEmbedded(directoryOfServer) : undefined);
  const embedded = shared === undefined ? await startEmbedded(directoryOfServer) : undefined;
  const store = await openStore(embedded?.url ?? shared ?? "").catch(async (error: unknown) => {
    await embedded?.stop();
    throw error;
  });
  for (const warning of await store.settingsWarnings()) log("warn", "store.setting", { warning });
  if (store.ahead.length > 0) log("warn", "store.ahead", { migrations: store.ahead.join(", ") });
  const clock = () => Date.now();
  // The machine's uptime counts on while it is suspended, and cannot be set.
  const steady = steadyClock(clock, () => uptime() * 1_000);
  const sealer = createSealer(keyring);
  const blindIndex = createBlindIndex(keyring);
  const blobs = createBlobStore({ directory: data("blobs"), keyring });
  const epochs = createEpochs(store, settings.epochMs);
  const directory = createDirectory({
    store,
    sealer,
    blindIndex,
    // A number entered by a clock that is ahead would look entered after its owner has left it (I3).
    clock: () => Math.min(clock(), steady()),
    onChanged: (db, effects, update) => followDirectory(follow, db, effects, update, new Date(clock())),
  });
  const contacts = createContacts({ store, sealer, blindIndex });
  const journal = (
    db: Transaction,
    action: JournalAction,
    subject: string,
    detail: Record<string, string | number | boolean | null>,
    actor = "engine",
    who: Who | null = null,
  ) =>
    record(db, {
      at: new Date(clock()).toISOString(),
      action,
      actor,
      subject,
      detail,
      ...(who && { who: sealWho(sealer, who) }),
    });
  const note = (action: JournalAction, subject: string, detail: Record<string, string> = {}) =>
    store.transaction((db) => journal(db, action, subject, detail));
  const follow: ReaddressDeps = {
    sealer,
    blindIndex,
    subjectNow: (db, patientId, routed, choice) => directory.subjectNow(db, patientId, routed, choice),
    journal: (db, action, subject, detail) => journal(db, action, subject, detail),
  };
  const retention: RetentionDeps = {
    store,
    epochs,
    sealer,
    keyring,
    blobs,
    ledger: openLedger(data("ledger")),
    clock,
    steady,
    log,
    journal,
    metrics: { count: () => undefined, gauge: () => undefined },
    epochLengthMs: settings.epochMs,
  };
  return {
    store,
    keyring,
    sealer,
    blindIndex,
    blobs,
    epochs,
    directory,
    contacts,
    resolve: createResolver(directory),
    resolveDecided: async (linkId: string, identity: Requirement) => ({
      ...(await resolveDecided(directory, linkId, identity)),
      forget: () => undefined,
    }),
    redeem: (contact: Contact, code: string, channel: string) =>
      store.transaction(async (db) => {
        const redeemed = await redeemCode({ sealer, blindIndex }, db, { code, contact, now: new Date(clock()) });
        const { outcome } = redeemed;
        if (outcome !== "linked") {
          await journal(db, "code.tried", channel, { outcome });
          return false;
        }
        await journal(db, "link.made", redeemed.id, { channel, evidence: "code", level: redeemed.level });
        for (const ended of redeemed.ended) await journal(db, "link.ended", ended, { reason: "replaced" });
        return true;
      }),
    journal,
    /** Writes a line of the journal by itself. */
    note,
    retention,
    clock,
    retainFrom: () => Math.max(clock(), steady()),
    log,
    owner: `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`,
    close: async () => {
      await store.close();
      await embedded?.stop();
    },
  };
}

export type Foundation = Awaited<ReturnType<typeof openFoundation>>;
