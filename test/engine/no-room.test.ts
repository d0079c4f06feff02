import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { freePort } from "#src/demo/free-port.ts";
import { gradientPng } from "#src/demo/picture.ts";
import { wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import { startEmbedded, type EmbeddedServer } from "#src/store/server/server.ts";
import { untilAnswered } from "../support/until-answered.ts";
import { CHANNEL, PATIENT, startTestEngine, type TestEngine } from "./harness.ts";

/** A signed text of the patient's, to be posted more than once. */
function textOf({ world }: TestEngine, body: string) {
  const id = wamid(PATIENT.phone);
  return { id, signed: world.whatsapp.signedBody(world.whatsapp.textBody({ from: PATIENT.phone, id, body })) };
}

async function answerTo(engine: TestEngine, { signed }: ReturnType<typeof textOf>): Promise<Response> {
  const { body, headers } = signed;
  return fetch(`${engine.url}/webhooks/${CHANNEL}`, { method: "POST", body: new Uint8Array(body), headers });
}

async function readiness(engine: TestEngine) {
  const response = await fetch(`${engine.url}/readyz`);
  return { status: response.status, checks: ((await response.json()) as { checks: Record<string, boolean> }).checks };
}

describe("a disk below the watermark", () => {
  let free = 1024 ** 3;
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startTestEngine({ freeBytes: async () => free, env: { BOTENSTOFF_MIN_FREE_MB: "500" } });
    await engine.admit();
  });
  afterAll(() => engine.close());

  it("turns new events away, with 503 and Retry-After or AE, and takes them again by itself", async () => {
    const before = await engine.text("vorher");
    free = 499 * 1024 ** 2;
    await engine.eventually("the disk is seen to be full", async () => !(await readiness(engine)).checks["disk"]);
    const adt = await engine.adt({ controlId: "NOROOM" });
    expect(adt.code).toBe("AE");
    const { rows } = await engine.store.query("SELECT FROM message WHERE channel = 'adt-to-directory'");
    expect(rows).toHaveLength(1);
    const refused = textOf(engine, "während");
    const answer = await answerTo(engine, refused);
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await readiness(engine)).status).toBe(503);
    // What is already here goes on: it must be able to leave.
    await engine.until(before, "filed");
    free = 501 * 1024 ** 2;
    await engine.eventually("it is taken again", async () => (await answerTo(engine, refused)).status === 200);
    await engine.until(refused.id, "filed");
    expect((await engine.adt({ controlId: "NOROOM" })).code).toBe("AA");
    expect(engine.world.fhir.chart.all("Communication")).toHaveLength(2);
  });
});

describe("an attachment that is still to be fetched", () => {
  it("waits below the watermark, visibly, and is fetched once there is room", async () => {
    let free = 1024 ** 3;
    const engine = await startTestEngine({ freeBytes: async () => free });
    await engine.admit();
    const away = { on: "lookup", status: 503 } as const;
    engine.world.whatsapp.behave(Array.from({ length: 100 }, () => away));
    const id = await engine.image(gradientPng(64, 64), "die Wunde");
    const lastError = async () => (await engine.until(id, "received")).last_error ?? "";
    await engine.eventually("it is asked for", async () => (await lastError()).startsWith("MEDIA_UNAVAILABLE"));
    free = 1024 ** 2;
    await engine.eventually("the disk is seen to be full", async () => (await lastError()).startsWith("STORE_FULL"));
    engine.world.whatsapp.behave([]);
    free = 1024 ** 3;
    await engine.until(id, "filed");
    await engine.close();
  });
});

describe("a PostgreSQL that stops and comes back", () => {
  let directory: string;
  let port: number;
  let server: EmbeddedServer;
  let engine: TestEngine;
  const start = () => startEmbedded({ directory, port, settings: { fsync: "off" } });
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "botenstoff-outage-"));
    port = await freePort("127.0.0.1");
    server = await start();
    engine = await startTestEngine({ env: { DATABASE_URL: server.url } });
    await engine.admit();
  });
  afterAll(async () => {
    await engine.close();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it("loses nothing of what was acknowledged, turns the rest away with 503, and goes on by itself", async () => {
    const acknowledged = [
      await engine.image(gradientPng(64, 64), "kurz davor"),
      ...(await Promise.all(["eins", "zwei", "drei"].map((body) => engine.text(body)))),
    ];
    await server.stop();

    const refused = Array.from({ length: 20 }, (_, count) => textOf(engine, `während ${count}`));
    const answers = await Promise.all(refused.map((text) => answerTo(engine, text)));
    expect(answers.map(({ status }) => status)).toEqual(refused.map(() => 503));
    for (const { headers } of answers) expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await readiness(engine)).toMatchObject({ status: 503, checks: { database: false } });
    // A forger learns nothing from an outage.
    const forged = { ...refused[0]!, signed: { ...refused[0]!.signed, body: Buffer.from("{}") } };
    expect((await answerTo(engine, forged)).status).toBe(401);

    server = await start();
    for (const text of refused) {
      await engine.eventually("it is taken again", async () => (await answerTo(engine, text)).status === 200);
    }
    for (const id of [...acknowledged, ...refused.map((text) => text.id)]) await engine.until(id, "filed");
    expect(await readiness(engine)).toMatchObject({ status: 200 });
    expect(engine.world.fhir.chart.all("Communication")).toHaveLength(acknowledged.length + refused.length);
  });

  it("may be away for several lookings and commits in a row", async () => {
    const texts = Array.from({ length: 3 }, (_, round) => textOf(engine, `Runde ${round}`));
    for (const text of texts) {
      await server.stop();
      expect((await answerTo(engine, text)).status).toBe(503);
      server = await start();
      await engine.eventually("it is taken again", async () => (await answerTo(engine, text)).status === 200);
    }
    for (const { id } of texts) await engine.until(id, "filed");
  });
});

describe("an embedded PostgreSQL that is killed", () => {
  it("is started again at the same address, and all of it goes on long before the leases run out", async () => {
    const directory = await mkdtemp(join(tmpdir(), "botenstoff-killed-"));
    const server = await startEmbedded({ directory, settings: { fsync: "off" } });
    const engine = await startTestEngine({ env: { DATABASE_URL: server.url, BOTENSTOFF_LEASE: "PT5M" } });
    await engine.admit();
    const before = await engine.text("vorher");
    const postmaster = Number(readFileSync(join(directory, "cluster", "postmaster.pid"), "utf8").split("\n")[0]);
    process.kill(postmaster, "SIGKILL");
    const after = textOf(engine, "nachher");
    await engine.eventually("it is taken", async () => (await answerTo(engine, after)).status === 200);
    await engine.until(before, "filed");
    await engine.until(after.id, "filed");
    await engine.close();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it("ends when one of its processes crashes, and is started anew rather than left to restart itself", async () => {
    const directory = await mkdtemp(join(tmpdir(), "botenstoff-crashed-"));
    const server = await startEmbedded({ directory, settings: { fsync: "off" } });
    const postmaster = () => readFileSync(join(directory, "cluster", "postmaster.pid"), "utf8").split("\n")[0];
    const first = postmaster();
    const client = new pg.Client({ connectionString: server.url });
    const lost = once(client, "error");
    await client.connect();
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    process.kill(rows[0]?.pid ?? 0, "SIGKILL");
    await lost;
    await untilAnswered(server.url);
    const second = postmaster();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
    expect(second).not.toBe(first);
  }, 60_000);
});
