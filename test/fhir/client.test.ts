import { afterEach, describe, expect, it } from "@jest/globals";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { FhirClient } from "#src/wire/fhir/client.ts";
import type { FhirTransaction } from "#src/fhir/transaction.ts";
import { writeTransaction } from "#src/fhir/write-json.ts";
import { createAuthority } from "../support/certificates.ts";

const open: { client: FhirClient; server: Server }[] = [];

async function clientOf(listener: RequestListener, timeoutMs = 30_000): Promise<FhirClient> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = new FhirClient({ baseUrl: `http://127.0.0.1:${port}/fhir`, timeoutMs, connections: 1 });
  open.push({ client, server });
  return client;
}

afterEach(async () => {
  for (const { client, server } of open.splice(0)) {
    server.closeAllConnections();
    await client.close();
    server.close();
  }
});

interface Certificate {
  readonly validFor?: { readonly from: Date; readonly to: Date };
}

const NEVER = new AbortController().signal;

describe("the FHIR client", () => {
  it("gives up an answer that began and never ends", async () => {
    const client = await clientOf((_request, response) => void response.writeHead(200).write("{"), 100);
    await expect(client.read("Patient/1", NEVER)).rejects.toMatchObject({ code: "DESTINATION_NO_ANSWER" });
  });

  it("gives up a server that says nothing", async () => {
    const client = await clientOf(() => undefined, 100);
    await expect(client.transaction(Buffer.from("{}"), NEVER)).rejects.toMatchObject({
      code: "DESTINATION_NO_ANSWER",
      class: "ambiguous",
    });
  });

  it.each([
    ["404 Not Found", "DESTINATION_REFUSED"],
    ["422", "DESTINATION_REFUSED"],
    ["500 Internal Server Error", "DESTINATION_NO_ANSWER"],
    // The other entry was taken: the chart may show it.
    ["409 Conflict", "DESTINATION_NO_ANSWER"],
  ])("does not take 200 for an answer where it says of an entry %s", async (status, code) => {
    const answer = {
      resourceType: "Bundle",
      type: "transaction-response",
      entry: [{ response: { status: "201 Created" } }, { response: { status } }],
    };
    const client = await clientOf((_request, response) => void response.end(JSON.stringify(answer)));
    await expect(client.transaction(Buffer.from("{}"), NEVER)).rejects.toMatchObject({ code });
  });

  it("leaves nothing in doubt where a transaction answered 200 has no entry that was taken", async () => {
    const answer = {
      resourceType: "Bundle",
      entry: [{ response: { status: "429" } }, { response: { status: "429" } }],
    };
    const client = await clientOf((_request, response) => void response.end(JSON.stringify(answer)));
    await expect(client.transaction(Buffer.from("{}"), NEVER)).rejects.toMatchObject({ code: "DESTINATION_BUSY" });
  });

  it.each([
    ["of a CA it does not know", {}],
    ["that has expired", { validFor: { from: new Date(0), to: new Date(1_000_000) } }],
  ])("leaves nothing in doubt with a server whose certificate is one %s", async (_, { validFor }: Certificate) => {
    const server = createTlsServer(createAuthority("nobody").issue("kis", validFor)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const client = new FhirClient({ baseUrl: `https://127.0.0.1:${port}`, timeoutMs: 30_000, connections: 1 });
    open.push({ client, server });
    await expect(client.transaction(Buffer.from("{}"), NEVER)).rejects.toMatchObject({
      code: "DESTINATION_UNTRUSTED",
      class: "transient",
    });
  });

  it("stops when the lane is lost", async () => {
    const lost = new AbortController();
    const client = await clientOf(() => lost.abort());
    await expect(client.read("Patient/1", lost.signal)).rejects.toMatchObject({ code: "DESTINATION_NO_ANSWER" });
    await expect(client.read("Patient/1", lost.signal)).rejects.toMatchObject({ code: "DESTINATION_NO_ANSWER" });
  });

  it("asks anew after an answer it gave up", async () => {
    let asked = 0;
    const client = await clientOf((_request, response) => {
      asked += 1;
      if (asked > 1) response.end('{"resourceType":"Patient"}');
    }, 100);
    await expect(client.read("Patient/1", NEVER)).rejects.toMatchObject({ code: "DESTINATION_NO_ANSWER" });
    await expect(client.read("Patient/1", NEVER)).resolves.toEqual({ resourceType: "Patient" });
  });
});

describe("a written transaction", () => {
  const entry = (id: string, type: "Binary" | "Communication") => ({
    fullUrl: `urn:uuid:${id}`,
    resource: type === "Binary" ? { resourceType: type, id, contentType: "image/png" } : { resourceType: type, id },
    request: { method: "PUT", url: `${type}/${id}` },
  });
  const transactionOf = (types: readonly ("Binary" | "Communication")[]) =>
    ({
      bundle: {
        resourceType: "Bundle",
        type: "transaction",
        entry: types.map((type, index) => entry(String(index), type)),
      },
      blobs: types.flatMap((type, index) => (type === "Binary" ? [{ entry: index, attachmentId: "1" }] : [])),
    }) as unknown as FhirTransaction;

  it.each([
    ["a text, with its length", ["Communication"], true],
    ["an image, a chunk at a time", ["Binary", "Communication"], false],
  ] as const)("goes out as %s, and its digest is that of its bytes", async (_what, types, whole) => {
    let length: string | undefined;
    let bytes = Buffer.alloc(0);
    const client = await clientOf((request, response) => {
      length = request.headers["content-length"];
      void buffer(request).then((all) => {
        bytes = all;
        response.end("{}");
      });
    });
    const { body, digest } = writeTransaction(transactionOf(types), () => Readable.from([Buffer.from("abc")]));
    await client.transaction(body, NEVER);
    expect(length).toBe(whole ? String(bytes.length) : undefined);
    expect(digest()).toBe(createHash("sha256").update(bytes).digest("hex"));
    expect(JSON.parse(bytes.toString("utf8"))).toMatchObject({ resourceType: "Bundle", type: "transaction" });
  });
});
