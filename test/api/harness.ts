import { randomUUID } from "node:crypto";
import supertest from "supertest";
import { createAccess } from "#src/access/access.ts";
import { NO_FILE } from "#src/access/settings.ts";
import { createApp } from "#src/api/app.ts";
import { createClients } from "#src/api/clients.ts";
import { Connections } from "#src/api/connections.ts";
import { createClearing } from "#src/clearing/clearing.ts";
import { taskPolicyOf } from "#src/clearing/policy.ts";
import { createContacts } from "#src/identity/contacts.ts";
import { createDirectory } from "#src/identity/directory.ts";
import type { ApiDeps, ApiJournalEntry } from "#src/api/deps.ts";
import { createLive } from "#src/api/live.ts";
import { createMetrics } from "#src/api/routes/metrics.ts";
import type { DeliveryState, MessageState } from "#src/message/state.ts";
import { deriveUuid, messageId } from "#src/message/id.ts";
import { Secret } from "#src/message/secret.ts";
import { place, type SealedBody } from "#src/store/sealed/message.ts";
import { metaWebhook } from "#src/sources/whatsapp/meta.ts";
import { createEpochs, dropPartitions } from "#src/store/epochs.ts";
import { storeIntake } from "#src/store/sql/intake.ts";
import { storeNotices, type NoticeRow } from "#src/store/sql/notices.ts";
import { countMessages, oldestUnfiled, stageBacklogs } from "#src/store/sql/messages.ts";
import { entomb, listPurges } from "#src/store/sql/purge.ts";
import { sealAt } from "#src/store/sealed/place.ts";
import { createTestStore } from "../support/database.ts";
import { createTestKeys } from "../support/keys.ts";

export const TOKEN = "a-token-only-the-tests-know";
export const APP_SECRET = "an-app-secret-only-the-tests-know";
export const VERIFY_TOKEN = "a-verify-token";
export const NOW = Date.parse("2026-11-23T10:00:00.000Z");
export const CHANNEL = "whatsapp-to-kis";

/** Personal data planted everywhere: none of it may show up where it does not belong. */
export const CANARY = { phone: "4915112345678", name: "Kanarienvogel", text: "Knoten in der Brust" };

/** A wamid contains the number, so it is as personal. */
export const WAMID = `wamid.${CANARY.phone}`;

type Put = {
  readonly channel?: string;
  readonly externalId?: string;
  readonly state?: MessageState;
  readonly reason?: string;
  readonly body?: Partial<SealedBody>;
};

type PutDelivery = {
  readonly destination: string;
  readonly state: DeliveryState;
  readonly lastError?: string;
  readonly receipt?: unknown;
  readonly confirmation?: unknown;
};

/** The API over a real database, with everything its neighbours do recorded. */
export async function createHarness() {
  const database = await createTestStore();
  const keys = await createTestKeys();
  const { store } = database;
  const { keyring, sealer, blindIndex } = keys;
  const epochs = createEpochs(store, 3_600_000);
  const epoch = await epochs.current(NOW);
  await epochs.ensure(epoch);
  const journal: Omit<ApiJournalEntry, "who">[] = [];
  const accessWith = (changed: Partial<Parameters<typeof createAccess>[0]>) =>
    createAccess({ store, sealer, blindIndex, settings: NO_FILE, now: () => NOW, ...changed });
  const access = accessWith({ environment: new Secret(TOKEN) });
  const logged: unknown[] = [];
  const woken: string[] = [];
  const door = metaWebhook(new Secret(VERIFY_TOKEN), [new Secret(APP_SECRET)]);

  async function put({
    channel = CHANNEL,
    externalId = `wamid.${randomUUID()}`,
    state = "received",
    reason,
    body,
  }: Put = {}) {
    const id = messageId(channel, externalId);
    const receivedAt = new Date(NOW).toISOString();
    const eventId = randomUUID();
    const sealed: SealedBody = {
      content: { kind: "text", text: CANARY.text },
      sender: { phone: CANARY.phone, displayName: CANARY.name },
      conversation: CANARY.phone,
      sentAt: receivedAt,
      raw: { type: "text", from: CANARY.phone },
      ...body,
    };
    await storeIntake(store, {
      events: [
        { epoch, id: eventId, channel, receivedAt, raw: sealer.seal(place.event(epoch, eventId), Buffer.from("{}")) },
      ],
      messages: [
        {
          epoch,
          id,
          eventId,
          channel,
          kind: sealed.content.kind,
          laneKey: blindIndex.of("conversation", channel, sealed.conversation),
          seenHash: blindIndex.seen(channel, externalId, ""),
          externalBi: blindIndex.of("external-id", channel, externalId),
          contactBi: null,
          state: "received",
          reason: null,
          receivedAt,
          history: JSON.stringify([{ state: "received", at: receivedAt }]),
          sealed: sealAt(sealer, place.message(epoch, id, "sealed"), sealed),
          externalId: sealer.seal(place.externalId(epoch, id), Buffer.from(externalId)),
        },
      ],
      attachments: [],
    });
    if (state !== "received") {
      await store.query(
        `UPDATE message SET state = $2, reason = $3, filed_at = CASE WHEN $2 = 'filed' THEN $4::timestamptz END,
           history = history || jsonb_build_object('state', $2::text, 'at', $4::timestamptz) WHERE id = $1`,
        [id, state, reason ?? null, new Date(NOW)],
      );
      await store.query("DELETE FROM lane WHERE channel = $1", [channel]);
    }
    return { id, externalId };
  }

  async function putDelivery(id: string, delivery: PutDelivery): Promise<void> {
    const { destination, receipt, confirmation } = delivery;
    const seal = (column: "receipt" | "confirmation", value: unknown) =>
      value === undefined
        ? null
        : sealer.seal(
            place.delivery(epoch, { messageId: id, destination, purpose: "file", filing: 1 }, column),
            Buffer.from(JSON.stringify(value)),
          );
    await store.query(
      `INSERT INTO delivery (epoch, message_id, destination, channel, lane_key, seq, state, attempts, last_error, queued_at,
         receipt, confirmation) SELECT epoch, id, $2, channel, lane_key, seq, $3, 1, $4, received_at, $5, $6 FROM message WHERE id = $1`,
      [
        id,
        destination,
        delivery.state,
        delivery.lastError ?? null,
        seal("receipt", receipt),
        seal("confirmation", confirmation),
      ],
    );
  }

  async function putNotice(changed: Partial<NoticeRow> = {}): Promise<string> {
    const id = deriveUuid("notice", JSON.stringify(changed));
    const at = new Date(NOW).toISOString();
    const content = { externalId: WAMID, raw: { element: { recipient_id: CANARY.phone, title: CANARY.text } } };
    const notice: NoticeRow = {
      epoch,
      id,
      eventId: id,
      channel: CHANNEL,
      seenHash: blindIndex.seen(CHANNEL, id, ""),
      kind: "operator",
      field: "account_update",
      event: "DISABLED_UPDATE",
      codes: "[]",
      level: "warn",
      about: null,
      receivedAt: at,
      happenedAt: at,
      retainUntil: at,
      sealed: sealAt(sealer, place.notice(epoch, id), content),
      ...changed,
    };
    await storeNotices(store, [], [notice]);
    return id;
  }

  /** Destroys the epoch the messages lie in: rows, partitions, key. */
  async function purge(): Promise<void> {
    await store.transaction(async (db) => {
      await entomb(db, epoch, randomUUID(), new Date(NOW));
      await dropPartitions(db, epoch);
    });
    keyring.destroyEpochKey(epoch);
  }

  const deps: ApiDeps = {
    store,
    sealer,
    blindIndex,
    access,
    webhook: (channel) =>
      channel === CHANNEL
        ? {
            ...door,
            intake: async ({ raw }) => {
              await put({ externalId: (JSON.parse(raw.toString()) as { id: string }).id });
            },
          }
        : undefined,
    channels: () => [
      {
        id: CHANNEL,
        title: "Patient messages into the chart",
        source: "whatsapp",
        state: "running",
        problems: [],
        destinations: [{ id: "chart", type: "fhir" }],
      },
      { id: "second", title: "", source: "", state: "refused", problems: ["source.type: missing"], destinations: [] },
    ],
    retention: () => [{ id: CHANNEL, afterFiledMs: 3_600_000, hardMaxAgeMs: 86_400_000, unknownSenderMs: 7_200_000 }],
    signingKeys: () => {
      const { keyId, publicKey } = keyring.signingKey();
      return [{ id: keyId, publicKey: publicKey.export({ type: "spki", format: "der" }) }];
    },
    live: createLive(store),
    terms: () => ({
      now: new Date(NOW),
      retainFrom: new Date(NOW),
      policyOf: () => ({ ackOnly: false, afterFiledMs: 1_000 }),
    }),
    clearing: createClearing({
      ...{ store: { reading: store, transaction: (run) => store.transaction(run) }, sealer, blindIndex },
      directory: createDirectory({ store, sealer, blindIndex, clock: () => NOW, onChanged: async () => undefined }),
      contacts: createContacts({ store, sealer, blindIndex }),
      ...{ clock: () => NOW, retainFrom: () => NOW, policyOf: () => taskPolicyOf(undefined) },
      channels: () => [CHANNEL],
    }),
    blobs: {
      read: () => {
        throw new Error("no test of the API room reads blobs");
      },
    },
    inspector: {
      image: () => Promise.reject(new Error("no test of the API room makes pictures")),
      heic: () => Promise.reject(new Error("no test of the API room makes pictures")),
    },
    alertRules: () => [],
    purges: (limit) => listPurges(store, limit),
    journal: async ({ who: _who, ...entry }) => {
      journal.push(entry);
    },
    metrics: createMetrics({
      countMessages: () => countMessages(store),
      stageBacklogs: () => stageBacklogs(store),
      oldestUnfiled: () => oldestUnfiled(store),
      now: () => NOW,
    }),
    ready: async () => ({ ok: true, checks: { database: true, channels: true } }),
    mayStore: () => true,
    clients: createClients({ proxies: [], certificateHeader: "x-client-certificate" }),
    connections: new Connections(),
    wake: (channel) => {
      woken.push(channel);
    },
    now: () => NOW,
    log: (...line) => {
      logged.push(line);
    },
  };

  return {
    store,
    sealer,
    keys,
    deps,
    accessWith,
    epoch,
    journal,
    logged,
    woken,
    put,
    putDelivery,
    putNotice,
    purge,
    /** A client of the API with other neighbours where given; `get` and `post` send the token. */
    client: (changed: Partial<ApiDeps> = {}) => {
      const agent = supertest(createApp({ ...deps, ...changed }));
      const authorised = (request: supertest.Test) => request.set("Authorization", `Bearer ${TOKEN}`);
      return {
        raw: agent,
        get: (path: string) => authorised(agent.get(path)),
        post: (path: string) => authorised(agent.post(path)),
      };
    },
    /** Between tests: everything empty again, the keys stay. */
    clear: async () => {
      await store.query(
        "TRUNCATE message, event, delivery, attachment, lane, seen, tombstone, purge, notice, outbound_status, bulk, bulk_item, engine",
      );
      for (const list of [journal, logged, woken]) list.length = 0;
    },
    close: async () => {
      await database[Symbol.asyncDispose]();
      await keys[Symbol.asyncDispose]();
    },
  };
}

export type Harness = Awaited<ReturnType<typeof createHarness>>;
