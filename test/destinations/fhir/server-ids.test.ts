import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Destination, Job } from "#src/destinations/destination.ts";
import { fhirDestination } from "#src/destinations/fhir/destination.ts";
import type { FhirTransaction } from "#src/fhir/transaction.ts";
import { startKisFhir, type KisFhir } from "#src/simulators/kis/fhir.ts";

const BYTES = Buffer.from("example bytes of an attachment");
const NEVER = new AbortController().signal;
const golden = (name: string) =>
  JSON.parse(readFileSync(`mappings/message-to-fhir/examples/${name}/out.json`, "utf8")) as FhirTransaction;

let kis: KisFhir;
const opened: Destination[] = [];
beforeEach(async () => {
  kis = await startKisFhir({ host: "127.0.0.1", port: 0 });
  const { system, value } = golden("text").expect.patient;
  kis.addPatient({ identifier: [{ ...(system !== undefined && { system }), value }] });
  kis.acquire({ refusesIds: true });
});
afterEach(async () => {
  for (const destination of opened.splice(0)) await destination.close();
  await kis.close();
});

function open(more: object): Destination {
  const config = fhirDestination.config.parse({ type: "fhir", base_url: kis.url, ...more });
  const destination = fhirDestination.open(config, {
    channel: "c",
    destination: "chart",
    log: () => undefined,
    count: () => undefined,
    gauge: () => undefined,
    applyToDirectory: () => Promise.reject(new Error("not here")),
  });
  opened.push(destination);
  return destination;
}

const job = (name: string): Job => ({
  messageId: golden(name).expect.communicationId,
  output: golden(name),
  lane: "lane",
  openBlob: () => Readable.from([BYTES]),
});

async function file(destination: Destination, name: string) {
  const receipt = await destination.send(job(name), NEVER);
  return destination.confirm?.(job(name), receipt, NEVER);
}

describe("a server that lets no client choose ids", () => {
  it("refuses for good, and the error says what to set", async () => {
    await expect(open({}).send(job("text"), NEVER)).rejects.toMatchObject({
      code: "DESTINATION_REFUSES_IDS",
      class: "permanent",
      remedy: expect.stringContaining("resource_ids: server"),
    });
    expect(kis.chart.all("Communication")).toEqual([]);
  });

  it.each(["text", "image", "document", "choice-form-with-upload", "contacts", "location"])(
    "takes %s under ids of its own, shows it, and has it once however often it is sent",
    async (name) => {
      const destination = open({ resource_ids: "server" });
      for (let round = 0; round < 2; round += 1) {
        expect(await file(destination, name)).toMatchObject({ state: "confirmed" });
      }
      expect(kis.chart.all("Communication")).toHaveLength(1);
      expect(kis.chart.all("Communication")[0]?.id).not.toBe(golden(name).expect.communicationId);
      const described = golden(name).expect.binaries.length;
      expect([...kis.chart.all("Media"), ...kis.chart.all("DocumentReference")]).toHaveLength(described);
    },
  );

  it("is not believed where it shows the picture at another Binary", async () => {
    const destination = open({ resource_ids: "server" });
    await file(destination, "image");
    const other = kis.chart.add({ resourceType: "Binary", contentType: "image/jpeg", data: "AAAA" });
    const [media] = kis.chart.all("Media");
    if (media) kis.chart.add({ ...media, content: { ...media.content, url: `Binary/${other.id}` } });
    const receipt = { sentSha256: "", answer: null };
    expect(await destination.confirm?.(job("image"), receipt, NEVER)).toMatchObject({ state: "mismatch" });
  });

  it("has what was filed there entered in error, under its own ids and with its own links", async () => {
    const destination = open({ resource_ids: "server" });
    await file(destination, "image");
    const [before] = kis.chart.all("Media");
    expect(await file(destination, "withdrawn-image")).toMatchObject({ state: "confirmed" });
    expect(kis.chart.all("Media")).toHaveLength(1);
    expect(kis.chart.all("Media")[0]).toMatchObject({
      status: "entered-in-error",
      content: { url: before?.content.url },
    });
    expect(kis.chart.all("Communication").map(({ status }) => status)).toEqual(["entered-in-error"]);
  });
});

describe("the dry run", () => {
  const says = (rest: object) => {
    const get = kis.chart.get.bind(kis.chart);
    kis.chart.get = (path) => {
      const reply = get(path);
      return path === "metadata" ? { ...reply, body: { ...(reply.body as object), rest: [rest] } } : reply;
    };
  };
  const server = { mode: "server", interaction: [{ code: "transaction" }] };

  it("does not take silence about ids for a refusal", async () => {
    await expect(open({}).check(NEVER)).resolves.toBeUndefined();
  });

  it.each([
    [
      "takes no ids of clients",
      { ...server, resource: [{ type: "Communication", updateCreate: false }] },
      {},
      /updateCreate/,
    ],
    ["takes no transactions", { ...server, interaction: [{ code: "batch" }] }, {}, /no transactions/],
    [
      "takes no conditional updates",
      { ...server, resource: [{ type: "Communication", conditionalUpdate: false }] },
      { resource_ids: "server" },
      /conditional/,
    ],
  ])("refuses a server that says that it %s", async (_what, rest, settings, words) => {
    says(rest);
    await expect(open(settings).check(NEVER)).rejects.toThrow(words);
    expect(kis.requests.filter(({ method }) => method !== "GET")).toEqual([]);
  });
});
