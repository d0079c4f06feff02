import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Communication, Reference } from "@medplum/fhirtypes";
import type { Destination, Job } from "#src/destinations/destination.ts";
import { fhirDestination } from "#src/destinations/fhir/destination.ts";
import { uuidIdentifier } from "#src/fhir/ids.ts";
import type { FhirTransaction } from "#src/fhir/transaction.ts";
import { messageId } from "#src/message/id.ts";
import { startKisFhir, type KisFhir } from "#src/simulators/kis/fhir.ts";

const CHANNEL = "whatsapp-to-kis";
const NEVER = new AbortController().signal;
const golden = (name: string) =>
  JSON.parse(readFileSync(`mappings/message-to-fhir/examples/${name}/out.json`, "utf8")) as FhirTransaction;
const saidOf = (name: string) => golden(name).bundle.entry?.at(-1)?.resource as Communication;
const linkOf = ({ inResponseTo, about }: Communication): Reference | undefined =>
  [...(inResponseTo ?? []), ...(about ?? [])][0];

describe.each(["client", "server"] as const)("a message about another, ids being the %s's", (ids) => {
  let kis: KisFhir;
  let destination: Destination;
  let patient: string;
  beforeEach(async () => {
    kis = await startKisFhir({ host: "127.0.0.1", port: 0 });
    const { system, value } = golden("text").expect.patient;
    patient = `Patient/${kis.addPatient({ identifier: [{ ...(system !== undefined && { system }), value }] }).id}`;
    const config = fhirDestination.config.parse({ type: "fhir", base_url: kis.url, resource_ids: ids });
    destination = fhirDestination.open(config, {
      channel: CHANNEL,
      destination: "chart",
      log: () => undefined,
      count: () => undefined,
      gauge: () => undefined,
      applyToDirectory: () => Promise.reject(new Error("not here")),
    });
  });
  afterEach(async () => {
    await destination.close();
    await kis.close();
  });

  async function shownLink(name: string): Promise<Reference | undefined> {
    const output = golden(name);
    const job: Job = {
      messageId: output.expect.communicationId,
      output,
      lane: "lane",
      openBlob: () => Readable.from([Buffer.from("example bytes of an attachment")]),
    };
    const receipt = await destination.send(job, NEVER);
    expect(await destination.confirm?.(job, receipt, NEVER)).toMatchObject({ state: "confirmed" });
    const own = saidOf(name).identifier?.[0]?.value;
    const found = kis.chart.all("Communication").find(({ identifier }) => identifier?.[0]?.value === own);
    return found && linkOf(found);
  }

  /** The other message, as it was filed. */
  function other(name: string, change: Partial<Communication> = {}): string {
    const id = messageId(CHANNEL, linkOf(saidOf(name))?.identifier?.value ?? "");
    const resource: Communication = {
      resourceType: "Communication",
      ...(ids === "client" && { id }),
      identifier: [uuidIdentifier(id)],
      status: "completed",
      subject: { reference: patient },
      payload: [{ contentString: "zuvor" }],
      ...change,
    };
    return `Communication/${kis.chart.add(resource).id}`;
  }

  it.each(["text-in-reply", "reaction", "edit-text", "revoke"])("leads to it: %s", async (name) => {
    const reference = other(name);
    expect(await shownLink(name)).toMatchObject({ reference, identifier: { value: expect.any(String) } });
  });

  it.each<[string, (() => Partial<Communication>) | undefined]>([
    ["is not there", undefined],
    ["is another patient's", () => ({ subject: { reference: `Patient/${kis.addPatient({}).id}` } })],
    ["was withdrawn", () => ({ status: "entered-in-error" })],
  ])("names it without leading to it where it %s", async (_what, change) => {
    if (change) other("text-in-reply", change());
    const link = await shownLink("text-in-reply");
    expect(link?.identifier?.value).toBeDefined();
    expect(link?.reference).toBeUndefined();
  });
});
