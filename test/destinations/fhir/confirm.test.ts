import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Bundle } from "@medplum/fhirtypes";
import { readBack } from "#src/destinations/fhir/confirm.ts";
import type { FhirServer } from "#src/destinations/fhir/filed.ts";
import { withPatient } from "#src/destinations/fhir/patient.ts";
import { isSameText } from "#src/destinations/fhir/same-text.ts";
import type { FhirTransaction } from "#src/fhir/transaction.ts";
import { writeTransaction } from "#src/fhir/write-json.ts";
import { startKisFhir, type KisFhir } from "#src/simulators/kis/fhir.ts";
import { FhirClient } from "#src/wire/fhir/client.ts";

type Json = Record<string, unknown>;
type Alteration = (resource: Json) => object;

const BYTES = Buffer.from("example bytes of an attachment");
const NEVER = new AbortController().signal;
const golden = (name: string) =>
  JSON.parse(readFileSync(`mappings/message-to-fhir/examples/${name}/out.json`, "utf8")) as FhirTransaction;

describe("a message that was filed", () => {
  let kis: KisFhir;
  let server: FhirServer;
  beforeEach(async () => {
    kis = await startKisFhir({ host: "127.0.0.1", port: 0 });
    const client = new FhirClient({ baseUrl: kis.url, timeoutMs: 5_000, connections: 1 });
    server = { client, ids: "client", lookup: "required", urls: [kis.url] };
  });
  afterEach(async () => {
    await server.client.close();
    await kis.close();
  });

  /** Files an example to a Patient of the server. */
  async function filed(name: string): Promise<FhirTransaction> {
    const transaction = golden(name);
    const { system, value } = transaction.expect.patient;
    const { id } = kis.addPatient({ identifier: [{ ...(system && { system }), value }] });
    const { body } = writeTransaction(withPatient(transaction, `Patient/${id}`), () => Readable.from([BYTES]));
    expect(kis.chart.transact(JSON.parse(await text(Readable.from(body))) as Bundle).status).toBe(200);
    return transaction;
  }

  /** What is said of it where its resources of a type are shown otherwise than they are kept. */
  async function shown(name: string, type: string, alter: Alteration) {
    const transaction = await filed(name);
    const careful = (resource: Json) => (resource["resourceType"] === type ? alter(resource) : resource);
    kis.behave(Array.from({ length: 5 }, () => ({ on: "read", alter: careful })));
    return readBack(server, transaction, NEVER);
  }

  it.each<[string, string, string, Alteration]>([
    ["is entered in error", "text", "Communication", (one) => ({ ...one, status: "entered-in-error" })],
    ["was sent at another time", "text", "Communication", (one) => ({ ...one, sent: "2020-01-01T00:00:00Z" })],
    ["has no sender any more", "text", "Communication", ({ sender: _, ...one }) => one],
    ["has no subject any more", "text", "Communication", ({ subject: _, ...one }) => one],
    ["is of a patient by name only", "text", "Communication", (one) => ({ ...one, subject: { display: "Jemand" } })],
    [
      "names the patient without leading to one",
      "text",
      "Communication",
      (one) => ({ ...one, subject: { ...(one["subject"] as Json), reference: undefined } }),
    ],
    [
      "leads to a patient elsewhere",
      "text",
      "Communication",
      (one) => ({ ...one, subject: { reference: "https://elsewhere.example/fhir/Patient/1" } }),
    ],
    ["has other words", "text", "Communication", (one) => ({ ...one, payload: [{ contentString: "anders" }] })],
    ["has no payload", "text", "Communication", ({ payload: _, ...one }) => one],
    [
      "lost the reference to its picture",
      "image",
      "Communication",
      (one) => ({ ...one, payload: (one["payload"] as Json[]).filter((part) => !("contentReference" in part)) }),
    ],
    [
      "shows another picture",
      "image",
      "Communication",
      (one) => ({ ...one, payload: [{ contentReference: { reference: "Media/other" } }] }),
    ],
    ["has its picture entered in error", "image", "Media", (one) => ({ ...one, status: "entered-in-error" })],
    ["has its picture at another Binary", "image", "Media", (one) => at(one, "Binary/other")],
    ["has its picture at another server", "image", "Media", (one) => at(one, "https://elsewhere.example/x.jpg")],
    ["has its picture nowhere", "image", "Media", (one) => at(one, undefined)],
    ["has its picture of nobody", "image", "Media", ({ subject: _, ...one }) => one],
    ["has its file superseded", "document", "DocumentReference", (one) => ({ ...one, status: "superseded" })],
    ["has its file without content", "document", "DocumentReference", (one) => ({ ...one, content: [] })],
    ["has no note any more", "text-forwarded", "Communication", ({ note: _, ...one }) => one],
    ["answers nothing any more", "text-in-reply", "Communication", ({ inResponseTo: _, ...one }) => one],
    ["is about nothing any more", "edit-text", "Communication", ({ about: _, ...one }) => one],
  ])("is not believed where it %s", async (_what, name, type, alter) => {
    expect(await shown(name, type, alter)).toMatchObject({ state: "mismatch" });
  });

  it.each<[string, string, string, Alteration]>([
    ["trims its text", "text", "Communication", (one) => said(one, (words) => `  ${words}\n`)],
    [
      "writes line ends its own way",
      "text",
      "Communication",
      (one) => said(one, (words) => words.replaceAll("\n", "\r\n")),
    ],
    ["writes the time in another zone", "text", "Communication", (one) => ({ ...one, sent: shifted(one["sent"]) })],
    [
      "leads to the patient without repeating the identifier",
      "text",
      "Communication",
      (one) => ({ ...one, subject: { reference: (one["subject"] as Json)["reference"] } }),
    ],
    [
      "writes its own address before references",
      "image",
      "Media",
      (one) => at(one, `${kis.url}/${String((one["content"] as Json)["url"])}`),
    ],
    ["adds what it wants", "image", "Media", (one) => ({ ...one, note: [{ text: "geprüft" }] })],
    [
      "put its own encounter in place of ours",
      "text",
      "Communication",
      (one) => ({ ...one, ...("encounter" in one && { encounter: { reference: "Encounter/1" } }) }),
    ],
  ])("is believed where the server %s", async (_what, name, type, alter) => {
    expect(await shown(name, type, alter)).toMatchObject({ state: "confirmed" });
  });

  it("is believed where attachments are handed out under a signed address the channel names", async () => {
    const signed = (one: Json) => {
      const id = String((one["content"] as Json)["url"]).replace("Binary/", "");
      return at(one, `https://storage.example/binary/${id}/1?Signature=abc`);
    };
    server = { ...server, urls: [kis.url, "https://storage.example"] };
    expect(await shown("image", "Media", signed)).toMatchObject({ state: "confirmed" });
    server = { ...server, urls: [kis.url] };
    expect(await shown("image", "Media", signed)).toMatchObject({ state: "mismatch" });
  });

  it("is believed where its patient was merged into another since", async () => {
    const transaction = await filed("text");
    const { system = "", value } = transaction.expect.patient;
    const [source] = kis.chart.all("Patient");
    const target = kis.addPatient({ identifier: [{ system, value: "survivor" }] });
    kis.addPatient({
      ...source,
      identifier: [{ system, value }],
      link: [{ type: "replaced-by", other: { reference: `Patient/${target.id}` } }],
    });
    const moved = (one: Json) => ({ ...one, subject: { reference: `Patient/${target.id}` } });
    kis.behave([{ on: "read", alter: moved }]);
    expect(await readBack(server, transaction, NEVER)).toMatchObject({ state: "confirmed" });
  });

  it.each([
    ["403", { status: 403 }],
    ["a redirect", { status: 307, headers: { location: "http://127.0.0.1:1/" } }],
  ])("is read again where its Binary is answered with %s, and nobody says that it is gone", async (_what, answer) => {
    const transaction = await filed("image");
    const unaltered = { on: "read", alter: (resource: Json) => resource } as const;
    kis.behave([unaltered, unaltered, { on: "read", answer }]);
    await expect(readBack(server, transaction, NEVER)).rejects.toMatchObject({ class: "transient" });
  });
});

describe("a text", () => {
  it.each([
    ["  Hallo ", "Hallo"],
    ["a\r\nb\rc", "a\nb\nc"],
  ])("%j is the same as %j to a reader", (sent, shown) => {
    expect(isSameText(sent, shown)).toBe(true);
    expect(isSameText(shown, sent)).toBe(true);
  });

  it.each([
    ["5 mg", "5  mg"],
    ["a\nb", "a b"],
    ["a\n\nb", "a\nb"],
    ["Hallo", "hallo"],
    ["Hallo", ""],
    ["Hallo", undefined],
  ])("%j is another than %j", (sent, shown) => expect(isSameText(sent, shown)).toBe(false));
});

function at(media: Json, url: string | undefined): object {
  return { ...media, content: { ...(media["content"] as Json), url } };
}

function said(communication: Json, change: (words: string) => string): object {
  const payload = (communication["payload"] as { contentString?: string }[]).map((part) =>
    part.contentString === undefined ? part : { contentString: change(part.contentString) },
  );
  return { ...communication, payload };
}

/** The same instant two hours east. */
function shifted(instant: unknown): string {
  return new Date(Date.parse(String(instant)) + 7_200_000).toISOString().replace("Z", "+02:00");
}
