import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { post } from "#src/demo/whatsapp-cloud-webhook.ts";
import { sign } from "#src/demo/whatsapp-cloud-payload.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";

const CHANNEL = "whatsapp-to-kis";

let channels: string;
let secretFile: string;
let running: TestEngine;

beforeAll(async () => {
  channels = await mkdtemp(join(tmpdir(), "botenstoff-channels-"));
  await cp("channels", join(channels, "channels"), { recursive: true });
  secretFile = join(channels, "app-secret");
  await writeFile(secretFile, "first\n");
  const file = join(channels, "channels", `${CHANNEL}.yaml`);
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace("${WHATSAPP_APP_SECRET}", `\${file:${secretFile}}`));
  running = await startTestEngine({ BOTENSTOFF_CHANNELS_DIR: join(channels, "channels") });
});
afterAll(async () => {
  await running[Symbol.asyncDispose]();
  await rm(channels, { recursive: true, force: true });
});

/** Posts texts one after the other until `done` is, and returns what each was answered. */
async function load(done: Promise<unknown>, secretOf: () => string): Promise<number[]> {
  let going = true;
  void done.finally(() => (going = false));
  const statuses: number[] = [];
  const sender = async (lane: number) => {
    for (let count = 0; going; count++) {
      const text = running.world.whatsapp.textBody({ from: `49151${10_000_000 + lane}`, body: `Nachricht ${count}` });
      statuses.push(await post(running.webhook, sign(text, secretOf())));
    }
  };
  await Promise.all([1, 2, 3, 4].map(sender));
  return statuses;
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error("waited 30 s in vain");
    await sleep(50);
  }
}

const deployments = () => running.logged.filter((line) => line.includes(`"channel.deployed",{"channel":"${CHANNEL}"`));

async function stored(state = "%"): Promise<number> {
  const { rows } = await running.database.store.query<{ count: number }>(
    "SELECT count(*) FROM message WHERE state LIKE $1",
    [state],
  );
  return rows[0]!.count;
}

describe("reloading a channel while webhooks come in", () => {
  test("a changed secret file is deployed without a restart, and not one webhook is turned away", async () => {
    expect(deployments()).toHaveLength(1);
    const rotated = (async () => {
      // The previous secret stays accepted, as in a real rotation.
      const file = join(channels, "channels", `${CHANNEL}.yaml`);
      const text = await readFile(file, "utf8");
      await writeFile(file, text.replace(/(app_secret: .*)/, "$1\n  previous_app_secret: first"));
      await until(() => deployments().length === 2);
      await writeFile(secretFile, "second\n");
      await until(() => deployments().length === 3);
    })();
    const statuses = await load(rotated, () => (deployments().length < 3 ? "first" : "second"));
    expect(statuses.length).toBeGreaterThan(20);
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    expect(await stored()).toBe(statuses.length);
    // Nobody in the directory carries these numbers: held is where they end, and none may be left on the way.
    await until(async () => (await stored("held")) === statuses.length);
    expect(await post(running.webhook, sign(running.world.whatsapp.textBody({ body: "neu" }), "second"))).toBe(200);
    expect(await post(running.webhook, sign(running.world.whatsapp.textBody({ body: "fremd" }), "third"))).toBe(401);
  });

  test("a secret file that vanishes leaves the running version in place, and says why", async () => {
    await rm(secretFile);
    await until(() => running.logged.some((line) => line.includes("channel.refused")));
    expect(await post(running.webhook, sign(running.world.whatsapp.textBody({ body: "noch da" }), "second"))).toBe(200);
    expect(running.logged.join("\n")).not.toContain('"second"');
    await writeFile(secretFile, "third\n");
    await until(() => deployments().length === 4);
    expect(await post(running.webhook, sign(running.world.whatsapp.textBody({ body: "neu" }), "third"))).toBe(200);
  });
});
