import type { Arena } from "./arena.ts";
import { measureBaseline } from "./baseline.ts";
import type { Child } from "./child.ts";
import type { Latency } from "./latency.ts";
import { meter, type Cost, type Run } from "./meter.ts";
import { arrivalFaults, filedLatency, loadFaults, waitForMessages } from "./outcome.ts";
import type { FhirSinkReport } from "./processes/fhir-sink.ts";
import type { Shelf } from "./processes/graph.ts";
import type { MllpSinkReport } from "./processes/mllp-sink.ts";
import type { LoadReport, WebhookPlan, WebhookRun } from "./processes/webhook-load.ts";

/** A main job: webhooks of one kind all the way through the channels of a file. */
export interface MainJob {
  /** File under channels/. */
  readonly channel: string;
  readonly channels?: number;
  readonly engines?: number;
  readonly messages: number;
  readonly warmUp: number;
  readonly conversations: number;
  readonly connections: number;
  /** Whether the channel delivers to a FHIR server too. */
  readonly fhir?: boolean;
  /** Bytes of the image in every message. */
  readonly imageBytes?: number;
  /** Posted at this rate instead of as fast as the answers come. */
  readonly perSecond?: number;
  /** Seconds of load at half the measured rate; 0 leaves that out. */
  readonly halfRateSeconds: number;
}

export interface MainJobDone {
  readonly cost: Cost;
  readonly baselinePerSecond: number;
  readonly halfRate?: Latency;
  readonly faults: readonly string[];
}

/** Runs a main job in an arena: baseline, warm-up, full rate, half rate; then the books of all sinks are compared. */
export async function runMainJob(arena: Arena, job: MainJob): Promise<MainJobDone> {
  const load = arena.startChild("webhook-load");
  const sinks = await startSinks(arena, job);
  const channels = await arena.deploy(job.channel, job.channels);
  const ids = channels.map(({ id }) => id);
  const { appSecret } = arena;
  const { messages, conversations, connections } = job;
  const plan: WebhookPlan = { appSecret, messages, conversations, connections, channels };
  const baselinePerSecond = await measureBaseline(
    arena,
    load,
    job.imageBytes === undefined ? plan : { ...plan, bareBytes: job.imageBytes },
    sinks.mllpPort,
  );
  await sinks.mllp.call("forget");
  const engine = { ...plan, ...(sinks.shelf && { image: { mediaId: "1", sha256: sinks.shelf.sha256 } }) };
  await arena.admit(conversations);
  const ports: number[] = [];
  for (let index = 0; index < (job.engines ?? 1); index += 1) {
    ports.push(Number(new URL((await arena.startEngine()).url).port));
  }

  const faults: string[] = [];
  let posted = 0;
  const post = async (count: number, perSecond?: number): Promise<Run> => {
    await load.call("prepare", { ...engine, messages: count } satisfies WebhookPlan);
    const run: WebhookRun = { ports, ...(perSecond !== undefined && { perSecond }) };
    const started = performance.now();
    faults.push(...loadFaults(await load.call<LoadReport>("run", run)));
    posted += count;
    await waitForMessages(arena.database, ids, posted);
    return { messages: count, seconds: (performance.now() - started) / 1_000 };
  };
  await post(job.warmUp);
  const { cost } = await meter(arena, () => post(messages, job.perSecond));
  const half = Math.round((cost.perSecond / 2) * job.halfRateSeconds);
  if (half > 0) await post(half, cost.perSecond / 2);
  const halfRate = half > 0 ? await filedLatency(arena.database, half) : undefined;
  faults.push(...(await sinkFaults(sinks, posted)));
  return { cost, baselinePerSecond, ...(halfRate && { halfRate }), faults };
}

interface Sinks {
  readonly mllp: Child;
  readonly mllpPort: number;
  readonly fhir?: Child;
  readonly shelf?: Shelf;
}

async function startSinks(arena: Arena, job: MainJob): Promise<Sinks> {
  const mllp = arena.startChild("mllp-sink");
  const mllpPort = await mllp.call<number>("listen");
  arena.env["KIS_MLLP_PORT"] = String(mllpPort);
  const fhir = job.fhir ? arena.startChild("fhir-sink") : undefined;
  if (fhir) arena.env["KIS_FHIR_URL"] = `http://127.0.0.1:${await fhir.call<number>("listen")}/fhir`;
  const shelf =
    job.imageBytes === undefined ? undefined : await arena.startChild("graph").call<Shelf>("listen", job.imageBytes);
  if (shelf) {
    arena.env["WHATSAPP_GRAPH_URL"] = `http://127.0.0.1:${shelf.port}`;
    await mllp.call("expect", [shelf.sha256Hex]);
  }
  return { mllp, mllpPort, ...(fhir && { fhir }), ...(shelf && { shelf }) };
}

async function sinkFaults({ mllp, fhir, shelf }: Sinks, posted: number): Promise<string[]> {
  const archive = await mllp.call<MllpSinkReport>("report");
  const chart = await fhir?.call<FhirSinkReport>("report");
  return [
    ...arrivalFaults("the MLLP sink", archive, posted),
    ...(chart ? arrivalFaults("the FHIR sink", chart, posted) : []),
    ...(shelf && archive.attachments !== posted ? [`${archive.attachments} images in ${posted} documents`] : []),
    ...(archive.wrongAttachments === 0 ? [] : [`${archive.wrongAttachments} images with other bytes`]),
  ];
}
