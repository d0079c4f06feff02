import { rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { gradientPng } from "#src/demo/picture.ts";
import type { MediaBehaviour } from "#src/simulators/whatsapp-cloud/media.ts";
import { wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import type { Fault } from "./faults.ts";
import type { History, Sent } from "./history.ts";
import { deliver, POISONER, UNLUCKY, type Person } from "./load.ts";
import { createRandom } from "./random.ts";
import type { EngineSlot, Setting } from "./setting.ts";

const DEADLY = ["Gift", "Gift, das lähmt"];
const MOST_DEATHS = 2;
const SET_ASIDE_WITHIN_MS = 60_000;

const FOR_GOOD: readonly MediaBehaviour[] = [
  { on: "download", status: 404 },
  { on: "download", status: 403 },
  { on: "lookup", status: 500 },
  { on: "lookup", announce: { url: undefined } },
];

/** What is wrong with one input, whoever works on it, however often. */
export const INPUT_FAULTS: readonly Fault[] = [
  {
    name: "media fails for good",
    inject: async (setting, random, tell, history) => {
      const { whatsapp } = setting.world;
      const { id } = whatsapp.addMedia(gradientPng(20, 20), "image/png");
      const behaviour = random.pick(FOR_GOOD);
      whatsapp.lose({ ...behaviour, media: id });
      tell(`an image will always do ${JSON.stringify(behaviour)}`);
      await write(setting, history, UNLUCKY, "vor dem Bild");
      await write(setting, history, UNLUCKY, "das Bild", id);
      await write(setting, history, UNLUCKY, "nach dem Bild");
    },
  },
  {
    name: "poison input",
    inject: async (setting, random, tell, history) => {
      const asides = () => setting.logs.filter((line) => line.includes('"message.set_aside"')).length;
      const before = asides();
      writeFileSync(setting.poisonFile, "");
      const text = random.pick(DEADLY);
      tell(`"${text}" comes`);
      await write(setting, history, POISONER, "davor");
      const { wamid: deadly } = await write(setting, history, POISONER, text);
      const keeping = keepAlive(setting, tell);
      await write(setting, history, POISONER, "danach");
      const deadline = performance.now() + SET_ASIDE_WITHIN_MS;
      while (asides() === before) {
        if (performance.now() > deadline) throw new Error(`"${text}" was not set aside (${deadly.slice(-12)})`);
        await sleep(100);
      }
      const deaths = await keeping.stop();
      tell(`it was set aside after ${deaths} deaths`);
      if (deaths > MOST_DEATHS) throw new Error(`"${text}" killed ${deaths} engines`);
      rmSync(setting.poisonFile);
      tell("the engines can take it now");
    },
  },
];

/** Starts again whoever dies, as a supervisor would. */
function keepAlive(setting: Setting, tell: (what: string) => void) {
  let [deaths, over] = [0, false];
  const keepers = setting.engines.map(async (slot) => {
    // One that stands still dies a moment later.
    while (!over || !(await answers(slot))) {
      const died = await Promise.race([slot.process?.ended.then(() => true), sleep(200, false)]);
      if (died !== true) continue;
      deaths += 1;
      tell(`${slot.name} died of it`);
      await setting.end(slot, "SIGKILL");
      await setting.start(slot);
    }
  });
  return {
    stop: async () => {
      over = true;
      await Promise.all(keepers);
      return deaths;
    },
  };
}

async function answers({ port }: EngineSlot): Promise<boolean> {
  const url = `http://127.0.0.1:${port}/healthz`;
  return fetch(url, { signal: AbortSignal.timeout(1_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function write(
  setting: Setting,
  history: History,
  { number, phone }: Person,
  text: string,
  mediaId?: string,
): Promise<Sent> {
  const { whatsapp } = setting.world;
  const id = wamid(phone);
  const position = history.sent.filter(({ patient }) => patient === number).length;
  const line = `${text} (${position})`;
  const common = { from: phone, id };
  const body =
    mediaId === undefined
      ? whatsapp.textBody({ ...common, body: line })
      : whatsapp.imageBody({ ...common, mediaId, mimeType: "image/png", sha256: "", caption: line });
  await deliver(setting, whatsapp.signedBody(body), createRandom(position));
  const sent: Sent = {
    ...{ wamid: id, position, text: line },
    ...(number !== undefined && { patient: number }),
    ...(mediaId !== undefined && { lost: true as const }),
    ...(DEADLY.includes(text) && { deadly: true as const }),
  };
  history.sent.push(sent);
  history.add(`answered 200 (${text})`, id);
  return sent;
}
