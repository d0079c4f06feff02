import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiClient } from "#src/demo/api-client.ts";
import { faultsInKis, type Expected } from "#src/demo/invariants.ts";
import { CHANNEL } from "#src/demo/story.ts";
import { wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import { boot, type Machine } from "./machine.ts";
import type { Packages } from "./packages.ts";
import { openSurroundings, type Surroundings } from "./surroundings.ts";

const URL = "http://127.0.0.1:8080";
/** An alert closes when it has not been so for a minute. */
const WITHIN_MS = 150_000;
const PEOPLE = [1, 2, 3].map((n) => ({ patient: `7000${n}`, phone: `491512000000${n}` }));

/** Somebody's message that was answered 200. */
interface Written {
  readonly id: string;
  readonly patient: string;
  readonly text: string;
}

/** The whole story, in a network that has nothing but itself. @param home what bare.ts and packages.ts have made */
async function play(home: string): Promise<void> {
  execFileSync("ip", ["link", "set", "lo", "up"]);
  const packages = JSON.parse(readFileSync(join(home, "packages.json"), "utf8")) as Packages;
  const around = await openSurroundings();
  writeFileSync(join(home, "packages", "answers.yaml"), around.answers);
  const machine = await boot(home);
  try {
    await tell(machine, around, packages, join(home, "root"));
  } catch (error) {
    const journal = await machine.run("journal").catch(String);
    throw new Error(`${String(error)}\n--- the last the service said ---\n${journal}`, { cause: error });
  } finally {
    await machine.stop();
    await around.close();
  }
}

async function tell(machine: Machine, around: Surroundings, packages: Packages, root: string): Promise<void> {
  const began = performance.now();
  const say = (text: string) =>
    process.stdout.write(`${((performance.now() - began) / 1_000).toFixed(1).padStart(6)} s  ${text}\n`);
  const { first, next, broken, contract } = packages;
  const written: Written[] = [];
  let count = 0;
  const write = async ({ patient, phone }: (typeof PEOPLE)[number]) => {
    const one = { id: wamid(phone), patient, text: `Zeile ${(count += 1)}` };
    await deliver(around, around.whatsapp.textBody({ from: phone, id: one.id, body: one.text }));
    written.push(one);
    return one;
  };

  writeFileSync(join(root, "before"), await machine.run("files"));
  await machine.run("install", first.file, first.version);
  say(`installed ${first.version}, with no network`);
  await machine.run("setup", "/packages/answers.yaml");
  const api = new ApiClient(URL, tokenIn(root));
  const filed = (one: Written) => api.until(one.id, ["filed"], WITHIN_MS);
  await until("the engine answers", () => answers());
  for (const { patient, phone } of PEOPLE) await around.admit(patient, phone.replace(/^49/, "0"));
  say("set up; the service runs");
  await filed(await write(PEOPLE[0]!));
  say("the first message is filed");
  await machine.run("doctor");
  say("doctor finds nothing wrong");

  around.killKis();
  const waiting = await write(PEOPLE[1]!);
  await until("a mail tells that the KIS is away", () => told(around, "ALERT"));
  say("KIS killed: the alert came by mail");
  around.reviveKis();
  await filed(waiting);
  await until("a mail tells that the KIS is back", () => told(around, "ALL CLEAR"));
  say("KIS back: what waited is filed, the all-clear came by mail");

  let writing = true;
  const load = Promise.all(
    PEOPLE.map(async (person) => {
      while (writing) {
        await write(person);
        await sleep(500);
      }
    }),
  );
  const upgrade = (async () => {
    await sleep(1_000);
    await machine.run("install", next.file, next.version);
    await until("the new version answers", () => answers(next.version));
    await sleep(1_000);
  })().finally(() => (writing = false));
  await Promise.all([load, upgrade]);
  await complete(written, around, api);
  say(`upgraded to ${next.version} under load: ${written.length} messages, none lost, none twice`);

  await machine.run("refused", broken.file);
  await filed(await write(PEOPLE[0]!));
  await machine.run("install", next.file, next.version);
  await until("the version before answers again", () => answers(next.version));
  say("an upgrade that cannot be made was refused; the engine ran on, and takes the version before again");

  await machine.run("backup");
  await until("it answers after the backup", () => answers());
  const after = await write(PEOPLE[2]!);
  await filed(after);
  await machine.run("restore");
  await until("it answers after the restore", () => answers());
  await complete(written, around, api, after);
  await filed(await write(PEOPLE[2]!));
  say("backed up and restored: everything of the backup is there, nothing went to the KIS twice");

  await machine.run("install", contract.file, contract.version);
  await until("the version that takes away answers", () => answers(contract.version));
  await machine.run("refused", next.file);
  await filed(await write(PEOPLE[1]!));
  say("a downgrade past what was taken away was refused; the engine ran on");

  await machine.run("remove", "/before");
  say("removed: nothing is left but data and secrets");
}

/** As Meta does: again until somebody answers 200. */
async function deliver({ whatsapp }: Surroundings, payload: Record<string, unknown>): Promise<void> {
  const body = whatsapp.signedBody(payload);
  await until("a webhook is taken", async () => (await whatsapp.post(`${URL}/webhooks/${CHANNEL}`, body)) === 200);
}

/** I1 to I3 of everything that was answered 200. @param lost the backup is older than this one */
async function complete(
  written: readonly Written[],
  { fhir, mllp }: Surroundings,
  api: ApiClient,
  lost?: Written,
): Promise<void> {
  const expected: Expected[] = [];
  for (const { id, patient, text } of written) {
    if (id === lost?.id) {
      if ((await api.find(id)).length > 0) throw new Error("the backup held what was written after it");
      continue;
    }
    const message = await api.until(id, ["filed"], WITHIN_MS);
    expected.push({ messageId: message.id, patient, texts: [text], attachments: [] });
  }
  // The chart keeps what the restored engine does not know any more.
  const strangers = lost ? 1 : 0;
  const faults = faultsInKis(expected, fhir.chart, mllp);
  if (faults.length > strangers) throw new Error(faults.join("\n"));
}

function told({ mails }: Surroundings, occasion: string): boolean {
  return mails.some((mail) => mail.includes(`[${occasion}]`) && mail.includes("A destination does not answer"));
}

/** Whether the engine is there, and in this version. */
async function answers(version?: string): Promise<boolean> {
  const response = await fetch(`${URL}/healthz`).catch(() => undefined);
  if (!response?.ok) return false;
  if (version === undefined) return true;
  const metrics = await fetch(`${URL}/metrics`).then((answer) => answer.text());
  return metrics.includes(`version="${version}"`);
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WITHIN_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${WITHIN_MS / 1_000} s: ${what}`);
    await sleep(100);
  }
}

function tokenIn(root: string): string {
  const text = readFileSync(join(root, "etc/botenstoff/secrets/environment"), "utf8");
  return /^BOTENSTOFF_API_TOKEN="?([0-9a-f]+)/m.exec(text)?.[1] ?? "";
}

await play(process.argv[2] ?? "");
