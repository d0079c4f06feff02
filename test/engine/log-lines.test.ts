import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { startTestEngine, type TestEngine } from "./harness.ts";

describe("what goes wrong is in the log once when it begins and once when it is over", () => {
  let engine: TestEngine;
  let channels: string;
  beforeAll(async () => {
    channels = await mkdtemp(join(tmpdir(), "channels-"));
    await cp("channels", channels, { recursive: true });
    engine = await startTestEngine({ channels });
    await engine.admit();
  });
  afterAll(async () => {
    await engine.close();
    await rm(channels, { recursive: true });
  });

  const linesOf = (...events: string[]) =>
    engine.logged.filter(({ event }) => events.includes(event)).map(({ event, fields }) => ({ event, ...fields }));
  const about = (message: string) =>
    engine.logged.filter(({ fields }) => fields["message"] === message).map(({ event }) => event);

  it("attempts that fail", async () => {
    engine.world.mllp.behave(["busy-207", "busy-207", "unknown-patient-204"]);
    const { id } = await engine.until(await engine.text("Guten Tag"), "filed");
    expect(about(id)).toEqual(["delivery.failing", "delivery.goes_on"]);
    expect(linesOf("delivery.failing")).toMatchObject([{ destination: "archive", code: "DESTINATION_BUSY" }]);
    expect(linesOf("delivery.goes_on")).toMatchObject([{ destination: "archive", attempts: 4 }]);
  });

  it("a refusal, and the lane it parks", async () => {
    engine.world.mllp.behave(["AE"]);
    const { id } = await engine.until(await engine.text("abgelehnt"), "failed");
    expect(about(id)).toEqual(["lane.parked"]);
    expect(linesOf("lane.parked")).toMatchObject([{ destination: "archive", code: "DESTINATION_REFUSED" }]);
    const again = await fetch(`${engine.url}/api/v1/messages/${id}/reprocess`, {
      method: "POST",
      headers: { authorization: `Bearer ${engine.world.apiToken}` },
    });
    expect(again.status).toBe(202);
    await engine.eventually("the lane goes on", () => linesOf("lane.unparked").length === 1);
  });

  it("webhooks that are not the provider's", async () => {
    for (const signature of ["sha256=00", "sha256=01"]) {
      const response = await fetch(`${engine.url}/webhooks/whatsapp-to-kis`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-hub-signature-256": signature },
        body: "{}",
      });
      expect(response.status).toBe(401);
    }
    expect(linesOf("webhook.rejected")).toEqual([
      { event: "webhook.rejected", channel: "whatsapp-to-kis", reason: "signature" },
    ]);
  });

  it("wrong tokens", async () => {
    for (const token of ["a", "b"]) {
      const response = await fetch(`${engine.url}/api/v1/messages`, { headers: { authorization: `Bearer ${token}` } });
      expect(response.status).toBe(401);
    }
    expect(linesOf("access.refused")).toHaveLength(1);
  });

  it("HL7 messages that are refused", async () => {
    for (const trigger of ["Q99", "Q98"]) await engine.adt({ trigger });
    expect(linesOf("mllp.refused", "mllp.ignored")).toHaveLength(1);
  });

  it("a channel whose file is gone, and none of its destinations is said to be up or down any more", async () => {
    const metrics = async () => (await fetch(`${engine.url}/metrics`)).text();
    const up = 'botenstoff_destination_up{channel="adt-to-directory"';
    expect(await metrics()).toContain(up);
    await rm(join(channels, "adt-to-directory.yaml"));
    await engine.eventually("it is removed", () => linesOf("channel.removed").length > 0);
    expect(linesOf("channel.removed")).toEqual([{ event: "channel.removed", channel: "adt-to-directory" }]);
    expect(await metrics()).not.toContain(up);
    await cp("channels/adt-to-directory.yaml", join(channels, "adt-to-directory.yaml"));
    await engine.eventually(
      "it runs again",
      () =>
        linesOf("channel.deployed").filter((line) => "channel" in line && line.channel === "adt-to-directory").length >
        1,
    );
  });
});
