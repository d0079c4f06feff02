import { describe, expect, test } from "@jest/globals";
import { createMetrics } from "#src/api/routes/metrics.ts";
import supertest from "supertest";
import express from "express";
import { createRouter } from "#src/api/router.ts";
import { healthz, metrics, readyz } from "#src/api/routes/health.ts";
import type { ApiDeps } from "#src/api/deps.ts";

const NOW = Date.parse("2026-11-23T10:00:00.000Z");

function setUp() {
  const world = { now: NOW, looks: 0, broken: false };
  const metrics = createMetrics({
    countMessages: async () => {
      world.looks += 1;
      if (world.broken) throw new Error("away");
      return [
        { channel: "a", state: "held", count: world.looks },
        { channel: "a", state: "filed", count: 7 },
      ];
    },
    stageBacklogs: async () => [
      { channel: "a", stage: "chart", lanes: 3, parked: 1, open: 9, oldest: new Date(NOW - 90_000) },
    ],
    oldestUnfiled: async () => new Date(NOW - 120_000),
    now: () => world.now,
  });
  return { world, metrics };
}

describe("the metrics", () => {
  test("say nothing where a gauge without labels has no value, rather than 0", async () => {
    const { metrics } = setUp();
    let left: number | undefined;
    metrics.gauge("token_expires_seconds", {}, () => left);
    expect(await metrics.render()).not.toMatch(/^botenstoff_token_expires_seconds /m);
    expect((await metrics.samples()).map(({ metric }) => metric)).not.toContain("botenstoff_token_expires_seconds");
    left = 0;
    expect(await metrics.render()).toMatch(/^botenstoff_token_expires_seconds 0$/m);
    left = undefined;
    expect(await metrics.render()).not.toMatch(/^botenstoff_token_expires_seconds /m);
  });

  test("show a value its owner offers, as it is at the time of the scrape, until there is none", async () => {
    const { metrics } = setUp();
    let left: number | undefined = 60;
    metrics.gauge("certificate_expires_seconds", { channel: "a", connector: "source", certificate: "own" }, () => 1);
    metrics.gauge("certificate_expires_seconds", { channel: "a", connector: "source", certificate: "own" }, () => left);
    metrics.gauge("certificate_expires_seconds", { channel: "a", connector: "chart", certificate: "own" }, () => 5);
    expect(await metrics.render()).toContain(
      'botenstoff_certificate_expires_seconds{channel="a",connector="source",certificate="own"} 60',
    );
    left = 30;
    expect(await metrics.render()).toContain('{channel="a",connector="source",certificate="own"} 30');
    left = undefined;
    const text = await metrics.render();
    expect(text).not.toContain('expires_seconds{channel="a",connector="source",certificate="own"}');
    expect(text).toContain('expires_seconds{channel="a",connector="chart",certificate="own"} 5');
  });

  test("show what waits, how long and what is stuck", async () => {
    const text = await setUp().metrics.render();
    for (const line of [
      'botenstoff_messages{channel="a",state="held"} 1',
      'botenstoff_messages{channel="a",state="filed"} 7',
      'botenstoff_queue_open{channel="a",stage="chart"} 9',
      'botenstoff_queue_age_seconds{channel="a",stage="chart"} 90',
      'botenstoff_lanes{channel="a",stage="chart"} 3',
      'botenstoff_lanes_parked{channel="a",stage="chart"} 1',
      "botenstoff_oldest_unfiled_seconds 120",
      "botenstoff_store_up 1",
    ]) {
      expect(text).toContain(`${line}\n`);
    }
    expect(text).toContain("process_resident_memory_bytes");
  });

  test("look into the store at most every 5 s, however often they are scraped", async () => {
    const { world, metrics } = setUp();
    await Promise.all([metrics.render(), metrics.render()]);
    world.now += 4_999;
    await metrics.render();
    expect(world.looks).toBe(1);
    world.now += 1;
    expect(await metrics.render()).toContain('botenstoff_messages{channel="a",state="held"} 2\n');
  });

  test("look again after the clock was set back, however far", async () => {
    const { world, metrics } = setUp();
    await metrics.render();
    world.now -= 3_600_000;
    await metrics.render();
    expect(world.looks).toBe(2);
  });

  test("say that the store is away instead of repeating old values", async () => {
    const { world, metrics } = setUp();
    await metrics.render();
    world.now += 5_000;
    world.broken = true;
    const text = await metrics.render();
    expect(text).toContain("botenstoff_store_up 0\n");
    expect(text).not.toMatch(/^botenstoff_(messages|queue_open|oldest_unfiled_seconds)[ {]/m);
  });

  test("count deliveries with their latency", async () => {
    const { metrics } = setUp();
    metrics.observeDelivery("a", "chart", 0.2);
    metrics.observeDelivery("b", "chart", -3_600);
    metrics.count("delivery_attempt_failed", { channel: "a", destination: "chart", code: "DESTINATION_BUSY" });
    const text = await metrics.render();
    expect(text).toContain('botenstoff_delivery_latency_seconds_bucket{le="0.25",channel="a",destination="chart"} 1\n');
    expect(text).toContain('botenstoff_delivery_latency_seconds_bucket{le="0.1",channel="a",destination="chart"} 0\n');
    expect(text).toContain('botenstoff_delivery_latency_seconds_sum{channel="b",destination="chart"} 0\n');
    expect(text).toContain('botenstoff_delivery_accepted_total{channel="a",destination="chart"} 1\n');
    expect(text).toMatch(/botenstoff_delivery_attempt_failed_total\{.*code="DESTINATION_BUSY"\} 1\n/);
  });

  test("take amounts", async () => {
    const { metrics } = setUp();
    metrics.count("messages_restricted", { channel: "a" }, 5);
    metrics.count("messages_restricted", { channel: "a" });
    expect(await metrics.render()).toContain('botenstoff_messages_restricted_total{channel="a"} 6\n');
  });

  test("of two engines in one process do not meet", async () => {
    const [one, other] = [setUp(), setUp()];
    one.metrics.count("purged_messages", {}, 3);
    expect(await other.metrics.render()).toContain("botenstoff_purged_messages_total 0\n");
  });
});

describe("the probes", () => {
  const probe = (ready: ApiDeps["ready"]) =>
    supertest(express().use(createRouter([healthz, metrics, readyz], { ready, metrics: setUp().metrics } as ApiDeps)));

  test("say ready, not ready, and not ready when nobody can tell", async () => {
    const answer = { ok: true, checks: { database: true, channels: true } };
    expect(
      (
        await probe(async () => answer)
          .get("/readyz")
          .expect(200)
      ).body,
    ).toEqual(answer);
    await probe(async () => ({ ok: false, checks: { database: true, draining: false } }))
      .get("/readyz")
      .expect(503);
    expect(
      (
        await probe(() => Promise.reject(new Error("x")))
          .get("/readyz")
          .expect(503)
      ).body,
    ).toEqual({ ok: false, checks: {} });
  });

  test("say that the process lives, ready or not", async () => {
    await probe(() => Promise.reject(new Error("x")))
      .get("/healthz")
      .expect(200);
  });

  test("serve Prometheus' text format", async () => {
    const response = await probe(async () => ({ ok: true, checks: {} }))
      .get("/metrics")
      .expect(200);
    expect(response.headers["content-type"]).toContain("version=0.0.4");
  });
});
