import { once } from "node:events";
import { glob, readdir, readFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { describe, expect, test } from "@jest/globals";
import type { z } from "zod";
import { lookup } from "#src/channel/lookup.ts";
import { openLookup } from "#src/deployment/open-lookup.ts";
import { DESTINATIONS } from "#src/destinations/index.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { SOURCES } from "#src/sources/index.ts";

/** What every connector can do, whatever it connects to. */
interface Opened {
  /** Reaches out to its peer. */
  reach(signal: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}

interface Connector {
  readonly folder: string;
  readonly type: string;
  readonly config: z.ZodType;
  readonly open: (config: unknown) => Opened;
}

const nothing = (): undefined => undefined;
const told = { channel: "contract", destination: "contract", log: nothing, count: nothing, gauge: nothing };
const applyToDirectory = () => Promise.resolve({ outcome: "unchanged", evidence: {} } as const);

const CONNECTORS: readonly Connector[] = [
  ...SOURCES.map((spec) => ({
    folder: `sources/${spec.type}`,
    type: spec.type,
    config: spec.config,
    open: (read: unknown) => reaching(spec.open(read, told)),
  })),
  ...DESTINATIONS.map((spec) => ({
    folder: `destinations/${spec.type}`,
    type: spec.type,
    config: spec.config,
    open: (read: unknown) => reaching(spec.open(read, { ...told, applyToDirectory })),
  })),
  ...lookup.options.map((config) => {
    const { type } = config.shape;
    return {
      folder: `lookups/${type.value}`,
      type: type.value,
      config,
      open: (read: unknown) => {
        const opened = openLookup(lookup.parse(read), told);
        const reach = (signal: AbortSignal) => opened.find("4915112345678", signal);
        return { reach, close: () => opened.close() };
      },
    };
  }),
];

/** Of each connector, what a channel must say; all of them reach out to `port`. */
const SMALLEST: Readonly<Record<string, (port: number) => object>> = {
  "sources/whatsapp": (port) => ({
    phone_number_id: "1",
    app_secret: "secret",
    verify_token: "token",
    access_token: "token",
    graph_url: `http://127.0.0.1:${port}`,
  }),
  "sources/mllp": (port) => ({ port }),
  "destinations/fhir": (port) => ({ base_url: `http://127.0.0.1:${port}` }),
  "destinations/mllp": (port) => ({ host: "127.0.0.1", port }),
  "destinations/directory": () => ({}),
  "lookups/fhir": (port) => ({ base_url: `http://127.0.0.1:${port}` }),
  "lookups/pdq": (port) => ({ host: "127.0.0.1", port }),
};

/** By what each that waits for an answer gives up by itself. */
const IMPATIENT: Readonly<Record<string, object>> = {
  "sources/whatsapp": { fetch_timeout_secs: 0.05 },
  "destinations/fhir": { request_timeout_secs: 0.05 },
  "lookups/fhir": { request_timeout_secs: 0.05 },
  "lookups/pdq": { answer_timeout_secs: 0.05 },
};

/** Takes connections and never says a word. */
async function silentPeer() {
  const held: Socket[] = [];
  const server = createServer((socket) => {
    held.push(socket);
    socket.on("error", nothing);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    held,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of held) socket.destroy();
      await closed;
    },
  };
}

describe.each(CONNECTORS)("$folder", ({ folder, type, config, open }) => {
  const said = (port = 1): object => ({ type, ...SMALLEST[folder]?.(port) });

  test("is a folder of its own name", async () => {
    expect(await readdir(`src/${folder}`)).not.toHaveLength(0);
  });

  test("needs what the smallest channel says, and no more", () => {
    expect(Object.keys(SMALLEST)).toContain(folder);
    expect(config.safeParse(said()).success).toBe(true);
  });

  test("refuses a member it does not know, by its name, and another kind's configuration", () => {
    const misspelt = config.safeParse({ ...said(), no_such_member: 1 });
    expect(JSON.stringify(misspelt.error?.issues)).toContain("no_such_member");
    expect(config.safeParse({ ...said(), type: "no-such-type" }).success).toBe(false);
  });

  test("opens without reaching out, and closes as if it had never been", async () => {
    await using peer = await silentPeer();
    await open(config.parse(said(peer.port))).close();
    expect(peer.held).toHaveLength(0);
  });

  test("ends when it is cancelled, however silent its peer is, and closes after that", async () => {
    await using peer = await silentPeer();
    const opened = open(config.parse(said(peer.port)));
    const cancelled = new AbortController();
    const reached = opened.reach(cancelled.signal).catch((error: unknown) => error);
    cancelled.abort();
    await reached;
    await opened.close();
  }, 60_000);
});

test.each(CONNECTORS.filter(({ folder }) => folder in IMPATIENT))(
  "$folder gives up by itself after the time its configuration says, with a code of the list",
  async ({ folder, type, config, open }) => {
    await using peer = await silentPeer();
    const opened = open(config.parse({ type, ...SMALLEST[folder]?.(peer.port), ...IMPATIENT[folder] }));
    await expect(opened.reach(new AbortController().signal)).rejects.toBeInstanceOf(BotenstoffError);
    await opened.close();
  },
  60_000,
);

test.each(DESTINATIONS)(
  "the destination $type can read back if it says so, and only then; serves at least one at a time",
  async (spec) => {
    const { type, config, confirms } = spec;
    const opened = spec.open(config.parse({ type, ...SMALLEST[`destinations/${type}`]?.(1) }), {
      ...told,
      applyToDirectory,
    });
    expect(opened.confirm !== undefined).toBe(confirms);
    expect(opened.concurrency).toBeGreaterThanOrEqual(1);
    await opened.close();
  },
);

test.each(SOURCES)("the source $type listens if it says so, and only then", async (spec) => {
  const { type, config, listens } = spec;
  const opened = spec.open(config.parse({ type, ...SMALLEST[`sources/${type}`]?.(1) }), told);
  expect(opened.listen !== undefined).toBe(listens);
  await opened.close();
});

test("the rooms that check, open and serve channels know no source and no destination by name", async () => {
  const names = [...SOURCES, ...DESTINATIONS].map(({ type }) => type).filter((type) => type !== "directory");
  const named = new RegExp(`[Tt]ype (===|!==) "(${names.join("|")})"`);
  const found: string[] = [];
  for await (const file of glob("src/{channel,deployment,pipeline,decisions,api,engine}/**/*.ts")) {
    if (file.endsWith("open-lookup.ts")) continue;
    if (named.test(await readFile(file, "utf8"))) found.push(file);
  }
  expect(found).toEqual([]);
});

function reaching(opened: { check(signal: AbortSignal): Promise<void>; close(): Promise<void> }): Opened {
  return { reach: (signal) => opened.check(signal), close: () => opened.close() };
}
