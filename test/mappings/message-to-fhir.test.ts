import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Bundle, Communication } from "@medplum/fhirtypes";
import { faultsOf, loadDefinitions } from "#src/simulators/kis/fhir-rules.ts";
import { startKisFhir, type KisFhir } from "#src/simulators/kis/fhir.ts";
import type { FhirServer } from "#src/destinations/fhir/filed.ts";
import { readBack } from "#src/destinations/fhir/confirm.ts";
import { FhirClient } from "#src/wire/fhir/client.ts";
import type { FhirTransaction } from "#src/fhir/transaction.ts";
import { writeTransaction } from "#src/fhir/write-json.ts";
import type { MessageKind } from "#src/message/content.ts";
import type { Message } from "#src/message/message.ts";

const EXAMPLES = join(import.meta.dirname, "../../mappings/message-to-fhir/examples");
/** What every attachment of the examples consists of. */
const BYTES = Buffer.from("example bytes of an attachment");
const signal = AbortSignal.timeout(60_000);

const cases = readdirSync(EXAMPLES).sort();
const read = (name: string, file: string) => JSON.parse(readFileSync(join(EXAMPLES, name, file), "utf8")) as unknown;
const isWithdrawn = (name: string) => name.startsWith("withdrawn-");
const golden = (name: string) => read(name, "out.json") as FhirTransaction;

/** The transaction as it goes over the wire, the bytes in their places. */
async function complete(transaction: FhirTransaction): Promise<Bundle> {
  const { body } = writeTransaction(transaction, () => Readable.from([BYTES]));
  return JSON.parse(await text(Readable.from(body))) as Bundle;
}

describe("the golden FHIR examples", () => {
  let kis: KisFhir;
  let client: FhirClient;
  let server: FhirServer;

  beforeAll(async () => {
    await loadDefinitions();
    kis = await startKisFhir({ host: "127.0.0.1", port: 0 });
    client = new FhirClient({ baseUrl: kis.url, timeoutMs: 10_000, connections: 1 });
    server = { client, ids: "client", lookup: "prefer", urls: [kis.url] };
  });
  afterAll(async () => {
    await client.close();
    await kis.close();
  });

  test("cover every kind a patient's message can have", () => {
    const covered = new Set(cases.map((name) => (read(name, "in.json") as { message: Message }).message.content.kind));
    const kinds: Record<Exclude<MessageKind, "hl7">, true> = {
      text: true,
      image: true,
      audio: true,
      video: true,
      document: true,
      sticker: true,
      location: true,
      contacts: true,
      choice: true,
      reaction: true,
      order: true,
      note: true,
      edit: true,
      revoke: true,
      call: true,
      unknown: true,
    };
    expect([...covered].sort()).toEqual(Object.keys(kinds).sort());
  });

  test.each(cases)("%s is valid R4, whole and free of what validators overlook", async (name) => {
    const { entry = [] } = await complete(golden(name));
    expect(entry.flatMap(({ resource }) => (resource ? faultsOf(resource) : ["no resource"]))).toEqual([]);
    expect(entry.at(-1)?.resource?.resourceType).toBe("Communication");
    expect((entry.at(-1)?.resource as Communication).payload?.length).toBeGreaterThan(0);
  });

  test.each(cases.filter(isWithdrawn))(
    "%s marks what was filed, and is confirmed only once that shows",
    async (name) => {
      const filed = golden(name.replace("withdrawn-", ""));
      const withdrawn = golden(name);
      const paths = ({ bundle }: FhirTransaction) => (bundle.entry ?? []).map(({ request }) => request?.url ?? "");
      expect(paths(withdrawn)).toEqual(paths(filed).filter((path) => !path.startsWith("Binary/")));
      kis.chart.transact(await complete(filed));
      expect(await readBack(server, withdrawn, signal)).toEqual({
        state: "mismatch",
        detail: "the status differs",
      });
      expect(kis.chart.transact(await complete(withdrawn)).status).toBe(200);
      expect(await readBack(server, withdrawn, signal)).toMatchObject({ state: "confirmed" });
    },
  );

  test.each(cases.filter((name) => !isWithdrawn(name)))(
    "%s is confirmed by reading it back, and only as it was sent",
    async (name) => {
      const transaction = golden(name);
      const { expect: expected } = transaction;
      const altered = (change: Partial<typeof expected>) => ({ ...transaction, expect: { ...expected, ...change } });
      expect(kis.chart.transact(await complete(transaction)).status).toBe(200);
      expect(await readBack(server, transaction, signal)).toMatchObject({ state: "confirmed" });

      const strange = altered({ patient: { value: "somebody else" } });
      expect(await readBack(server, strange, signal)).toEqual({ state: "mismatch", detail: "the patient differs" });
      const longer = altered({ texts: [...expected.texts, "x"] });
      expect(await readBack(server, longer, signal)).toEqual({ state: "mismatch", detail: "the text differs" });
      for (const part of ["binaries", "inline"] as const) {
        const other = expected[part].map((one) => ({ ...one, sha256: "0".repeat(64) }));
        if (other.length === 0) continue;
        const differing = altered({ [part]: other });
        expect(await readBack(server, differing, signal)).toEqual({ state: "mismatch", detail: "the hash differs" });
      }
    },
  );
});
