import { afterEach, describe, expect, it } from "@jest/globals";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { FhirClient } from "#src/wire/fhir/client.ts";
import type { FhirTransaction } from "#src/fhir/transaction.ts";
import { writeTransaction } from "#src/fhir/write-json.ts";
import { createAuthority } from "../../support/certificates.ts";

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
    ["404 Not Found", "DESTINATION_REFUSES_IDS"],
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

describe("what a FHIR server, or whoever stands before it, answers", () => {
  const post = (client: FhirClient) => client.transaction(Buffer.from("{}"), NEVER);

  it.each([301, 302, 303, 307, 308])("%i means: not there now, whatever it points to", async (status) => {
    const asked: string[] = [];
    const client = await clientOf((request, response) => {
      asked.push(request.url ?? "");
      response.writeHead(status, { location: "/login" }).end("<html>Wartung</html>");
    });
    for (const request of [post(client), client.read("Patient/1", NEVER)]) {
      await expect(request).rejects.toMatchObject({ code: "DESTINATION_UNREACHABLE", class: "transient" });
    }
    expect(asked).toEqual(["/fhir", "/fhir/Patient/1"]);
  });

  it.each([
    [412, "DESTINATION_REFUSED"],
    [422, "DESTINATION_REFUSED"],
    [501, "DESTINATION_REFUSED"],
    [429, "DESTINATION_BUSY"],
    [502, "DESTINATION_NO_ANSWER"],
    [403, "DESTINATION_UNAUTHORIZED"],
  ])("%i is %s", async (status, code) => {
    const client = await clientOf((_request, response) => void response.writeHead(status).end());
    await expect(post(client)).rejects.toMatchObject({ code });
  });

  it.each([
    [{ "retry-after": "8" }, 8_000],
    [{ "x-ms-retry-after-ms": "750" }, 750],
    [{}, undefined],
  ])("with %j is asked again after %p ms", async (headers, retryAfterMs) => {
    const client = await clientOf((_request, response) => void response.writeHead(429, headers).end());
    await expect(post(client)).rejects.toMatchObject({ retryAfterMs });
    await expect(client.read("Patient/1", NEVER)).rejects.toMatchObject({ retryAfterMs });
  });

  it.each([204, 200, 201])("%i without a word is a transaction taken, to be read back", async (status) => {
    const client = await clientOf((_request, response) => void response.writeHead(status).end());
    await expect(post(client)).resolves.toBeUndefined();
  });

  it.each([
    ["gzip", gzipSync],
    ["br", brotliCompressSync],
    ["deflate", deflateSync],
  ] as const)("in %s nobody asked for is read all the same", async (coding, compress) => {
    const client = await clientOf((_request, response) => {
      response.writeHead(200, { "content-encoding": coding }).end(compress('{"resourceType":"Patient"}'));
    });
    await expect(client.read("Patient/1", NEVER)).resolves.toEqual({ resourceType: "Patient" });
  });

  it("is cut off where it does not end", async () => {
    let sent = 0;
    const client = await clientOf((_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(1024 * 1024, " "))) sent += 1;
      };
      response.on("drain", more);
      more();
    });
    await expect(client.read("Patient/1", NEVER)).rejects.toMatchObject({ code: "DESTINATION_NO_ANSWER" });
    expect(sent).toBeLessThan(64);
  });

  it.each([
    [
      "HAPI",
      404,
      "HAPI-0960: No resource exists on this server resource with ID[1], and client-assigned IDs are not enabled.",
    ],
    ["a server that follows R4", 405, ""],
    ["one that says it as a fault of ours", 400, "Update as create is not allowed"],
  ])("says that ids are its own business: %s", async (_who, status, diagnostics) => {
    const outcome = {
      resourceType: "OperationOutcome",
      issue: [{ severity: "error", code: "processing", diagnostics }],
    };
    const client = await clientOf((_request, response) => void response.writeHead(status).end(JSON.stringify(outcome)));
    const error = await post(client).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "DESTINATION_REFUSES_IDS", class: "permanent" });
    expect(String(error)).not.toContain("exists");
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
