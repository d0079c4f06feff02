import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { sendAdt, type Admission } from "#src/demo/adt.ts";
import { ApiClient, type ShownMessage } from "#src/demo/api-client.ts";
import { freePort } from "#src/demo/free-port.ts";
import { textUpdate, wamid, type SignedBody } from "#src/simulators/whatsapp-cloud/payload.ts";
import { openWorld } from "#src/demo/world.ts";
import type { FreeBytes } from "#src/engine/disk.ts";
import { startEngine, type Engine } from "#src/engine/start.ts";
import type { Log } from "#src/telemetry/log.ts";
import { DELIVERY_MOVES, mayMove, MESSAGE_MOVES, type MessageState } from "#src/message/state.ts";
import { readSettings } from "#src/engine/settings.ts";
import { createTestStore } from "../support/database.ts";

export const CHANNEL = "whatsapp-to-kis";
/** The one patient every test knows, and her number as WhatsApp and as the KIS write it. */
export const PATIENT = { number: "79471", phone: "4915112345678", kisPhone: "0151 12345678" };
const SETTLED_MS = 30_000;

interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

interface TestEngineOptions {
  readonly epoch?: string;
  readonly channels?: string;
  /** What the engine believes to be free on its disk. */
  readonly freeBytes?: FreeBytes;
  /** More variables of its environment, or others than the simulators'. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A whole engine on a database of its own, between the simulators of WhatsApp and of the KIS. */
export async function startTestEngine({
  epoch = "P1D",
  channels = "channels",
  env = {},
  freeBytes,
}: TestEngineOptions = {}) {
  const database = await createTestStore();
  const world = await openWorld(epoch, 0);
  const logged: LogLine[] = [];
  const log: Log = (level, event, fields = {}) => void logged.push({ level, event, fields });
  const settings = () =>
    readSettings({
      ...world.env,
      BOTENSTOFF_HTTP_PORT: "0",
      DATABASE_URL: database.url,
      BOTENSTOFF_CHANNELS_DIR: channels,
      ADT_MLLP_PORT: String(adtPort),
      ...env,
    });
  const adtPort = await freePort("127.0.0.1");
  let engine: Engine = await startEngine(settings(), log, freeBytes);
  let api = new ApiClient(engine.url, world.apiToken);

  async function post(body: SignedBody): Promise<number> {
    return world.whatsapp.post(`${engine.url}/webhooks/${CHANNEL}`, body);
  }

  /** Sends a text as the patient, or as whoever; resolves with its wamid once the engine has said 200. */
  async function text(body: string, from = PATIENT.phone): Promise<string> {
    const id = wamid(from);
    const status = await post(world.whatsapp.signedBody(world.whatsapp.textBody({ from, id, body })));
    if (status !== 200) throw new Error(`a text was answered ${status}`);
    return id;
  }

  /** Sends texts in one body, so that they lie in one epoch whatever the clock says meanwhile; resolves with their wamids. */
  async function textsAtOnce(
    ...texts: readonly { readonly body: string; readonly from?: string }[]
  ): Promise<string[]> {
    const updates = texts.map(({ body, from = PATIENT.phone }) => ({ body, from, id: wamid(from) }));
    const status = await post(world.whatsapp.signedBody(world.whatsapp.batchBody(updates.map(textUpdate))));
    if (status !== 200) throw new Error(`texts were answered ${status}`);
    return updates.map(({ id }) => id);
  }

  async function image(bytes: Buffer, caption?: string, from = PATIENT.phone): Promise<string> {
    const id = wamid(from);
    const media = world.whatsapp.addMedia(bytes, "image/png");
    const payload = world.whatsapp.imageBody({
      from,
      id,
      mediaId: media.id,
      mimeType: "image/png",
      sha256: media.sha256,
      ...(caption !== undefined && { caption }),
    });
    const status = await post(world.whatsapp.signedBody(payload));
    if (status !== 200) throw new Error(`an image was answered ${status}`);
    return id;
  }

  /** What a KIS tells of a patient, its own chart knows as well. */
  async function adt(change: Partial<Admission> = {}) {
    inChart(change.patient ?? PATIENT.number);
    return sendAdt(adtPort, {
      controlId: randomUUID().slice(0, 20),
      patient: PATIENT.number,
      familyName: "Mustermann",
      givenName: "Erika",
      phone: PATIENT.kisPhone,
      caseNumber: "F-2026-001",
      ...change,
    });
  }

  function inChart(value: string): void {
    const identifier = { value, system: "urn:oid:1.2.276.0.76.4.1" };
    const known = world.fhir.chart.all("Patient").flatMap((patient) => patient.identifier ?? []);
    if (!known.some((one) => one.value === value)) world.fhir.addPatient({ identifier: [identifier] });
  }

  /** Makes the patient known to the chart and to the engine. */
  async function admit(): Promise<void> {
    const ack = await adt();
    if (ack.code !== "AA") throw new Error(`the admission was answered ${ack.code}`);
  }

  async function until(wamidOf: string, ...states: MessageState[]): Promise<ShownMessage> {
    const message = await api.until(wamidOf, states, SETTLED_MS);
    assertLegal(message);
    return message;
  }

  return {
    world,
    logged,
    store: database.store,
    databaseUrl: database.url,
    adtPort,
    get api() {
      return api;
    },
    get url() {
      return engine.url;
    },
    post,
    text,
    textsAtOnce,
    image,
    adt,
    admit,
    until,
    /** Waits until the condition holds, at most 30 s. */
    eventually: async (what: string, condition: () => boolean | Promise<boolean>) => {
      const deadline = performance.now() + SETTLED_MS;
      while (!(await condition())) {
        if (performance.now() > deadline) throw new Error(`it did not happen: ${what}`);
        await sleep(25);
      }
    },
    restart: async () => {
      await engine.stop();
      engine = await startEngine(settings(), log, freeBytes);
      api = new ApiClient(engine.url, world.apiToken);
    },
    close: async () => {
      await engine.stop();
      await world.close();
      await database[Symbol.asyncDispose]();
    },
  };
}

export type TestEngine = Awaited<ReturnType<typeof startTestEngine>>;

/** Every history any test sees must be a walk through the table of legal moves. */
function assertLegal({ history = [], deliveries = [] }: ShownMessage): void {
  const states = history.map(({ state }) => state as MessageState);
  states.slice(1).forEach((state, index) => {
    const from = states[index] ?? "received";
    if (!mayMove(MESSAGE_MOVES, from, state)) throw new Error(`an illegal move: ${from} → ${state}`);
  });
  for (const { state } of deliveries) if (!(state in DELIVERY_MOVES)) throw new Error(`no delivery state: ${state}`);
}
