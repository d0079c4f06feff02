import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { createMasterKey } from "#src/seal/keyring/master-key.ts";
import { createTestStore } from "../support/database.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "botenstoff-start-"));
});
afterAll(() => rm(directory, { recursive: true }));

it("stops the engine when `npm start` is told to end", async () => {
  await using database = await createTestStore();
  const key = join(directory, "master.key");
  createMasterKey(key);
  const npm = spawn("npm", ["--silent", "start"], {
    env: {
      ...process.env,
      BOTENSTOFF_HTTP_PORT: "0",
      BOTENSTOFF_DATA_DIR: join(directory, "data"),
      BOTENSTOFF_MASTER_KEY_FILE: key,
      BOTENSTOFF_CHANNELS_DIR: await mkdtemp(join(directory, "channels-")),
      DATABASE_URL: database.url,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(npm, "exit");
  const events: string[] = [];
  for await (const line of createInterface({ input: npm.stdout })) {
    const { event } = JSON.parse(line) as { event: string };
    events.push(event);
    if (event === "engine.started") npm.kill("SIGTERM");
  }
  await exited;
  expect(events.at(-1)).toBe("engine.stopped");
});
