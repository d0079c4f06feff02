import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { sign } from "#src/simulators/whatsapp-cloud/payload.ts";
import { CHANNEL, startTestEngine, type TestEngine } from "./harness.ts";

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
  running = await startTestEngine({ channels: join(channels, "channels") });
});
afterAll(async () => {
  await running.close();
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
      statuses.push(await running.post(sign(text, secretOf())));
    }
  };
  await Promise.all([1, 2, 3, 4].map(sender));
  return statuses;
}

const deployments = () =>
  running.logged.filter(({ event, fields }) => event === "channel.deployed" && fields["channel"] === CHANNEL).length;
const deployed = (count: number) => running.eventually(`deployment ${count}`, () => deployments() === count);
const said = (body: string, secret: string) => running.post(sign(running.world.whatsapp.textBody({ body }), secret));

async function stored(state = "%"): Promise<number> {
  const { rows } = await running.store.query<{ count: number }>("SELECT count(*) FROM message WHERE state LIKE $1", [
    state,
  ]);
  return rows[0]!.count;
}

describe("reloading a channel while webhooks come in", () => {
  test("a changed secret file is deployed without a restart, and not one webhook is turned away", async () => {
    expect(deployments()).toBe(1);
    const rotated = (async () => {
      // The previous secret stays accepted, as in a real rotation.
      const file = join(channels, "channels", `${CHANNEL}.yaml`);
      const text = await readFile(file, "utf8");
      await writeFile(file, text.replace(/(app_secret: .*)/, "$1\n  previous_app_secret: first"));
      await deployed(2);
      await writeFile(secretFile, "second\n");
      await deployed(3);
    })();
    const statuses = await load(rotated, () => (deployments() < 3 ? "first" : "second"));
    expect(statuses.length).toBeGreaterThan(20);
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    expect(await stored()).toBe(statuses.length);
    // Nobody in the directory carries these numbers: held is where they end, and none may be left on the way.
    await running.eventually("all are held", async () => (await stored("held")) === statuses.length);
    expect(await said("neu", "second")).toBe(200);
    expect(await said("fremd", "third")).toBe(401);
  });

  test("a secret file that vanishes leaves the running version in place, and says why", async () => {
    await rm(secretFile);
    await running.eventually("it is refused", () => running.logged.some(({ event }) => event === "channel.refused"));
    expect(await said("noch da", "second")).toBe(200);
    expect(JSON.stringify(running.logged)).not.toContain('"second"');
    await writeFile(secretFile, "third\n");
    await deployed(4);
    expect(await said("neu", "third")).toBe(200);
  });
});
