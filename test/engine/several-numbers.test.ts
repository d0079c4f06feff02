import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { batch, fieldBody, textUpdate, wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import { CHANNEL, PATIENT, startTestEngine, type TestEngine } from "./harness.ts";

const WARD = "200000000000001";
const STRANGE = "200000000000002";
const NOBODY = "200000000000003";

describe("one webhook for several numbers", () => {
  let channels: string;
  let engine: TestEngine;
  beforeAll(async () => {
    channels = await mkdtemp(join(tmpdir(), "botenstoff-channels-"));
    await cp("channels", channels, { recursive: true });
    const yaml = await readFile(join(channels, `${CHANNEL}.yaml`), "utf8");
    const another = (id: string, number: string) =>
      yaml.replace(`id: ${CHANNEL}`, `id: ${id}`).replace("${WHATSAPP_PHONE_NUMBER_ID}", `"${number}"`);
    await writeFile(join(channels, "ward.yaml"), another("ward", WARD));
    const otherApp = another("other-app", STRANGE).replace("${WHATSAPP_APP_SECRET}", "the secret of another app");
    await writeFile(join(channels, "other-app.yaml"), otherApp);
    engine = await startTestEngine({ channels });
    await engine.admit();
  });
  afterAll(async () => {
    await engine.close();
    await rm(channels, { recursive: true });
  });

  it("files what the channel of another number owns; what another app or nobody owns is held where it came in", async () => {
    const own = engine.world.env["WHATSAPP_PHONE_NUMBER_ID"] ?? "";
    const sent = [own, WARD, STRANGE, NOBODY].map((number) => ({ number, id: wamid(PATIENT.phone) }));
    const entry = sent.flatMap(({ number, id }) => [
      ...(batch(number, [textUpdate({ from: PATIENT.phone, id, body: "Guten Tag" })])["entry"] as object[]),
      ...(fieldBody(number, "messages", { statuses: [{ id: `${id}out`, status: "read" }] })["entry"] as object[]),
    ]);
    const body = engine.world.whatsapp.signedBody({ object: "whatsapp_business_account", entry });
    expect(await engine.post(body)).toBe(200);
    expect(await engine.post(body)).toBe(200);
    const ends = await Promise.all(sent.map(({ id }) => engine.until(id, "filed", "held")));
    const channelOf = async (id: string) =>
      (await engine.api.get<{ channel: string }>(`/api/v1/messages/${id}`)).channel;
    const where = await Promise.all(ends.map(({ id }) => channelOf(id)));
    expect(ends.map(({ state, reason }, n) => [where[n], state, reason])).toEqual([
      [CHANNEL, "filed", null],
      ["ward", "filed", null],
      [CHANNEL, "held", "foreign_number"],
      [CHANNEL, "held", "foreign_number"],
    ]);
    const { items } = await engine.api.get<{ items: { channel: string; state: string }[] }>("/api/v1/statuses");
    expect(items.map(({ channel, state }) => `${channel} ${state}`).sort()).toEqual([
      "ward read",
      ...Array<string>(3).fill(`${CHANNEL} read`),
    ]);
  });
});
