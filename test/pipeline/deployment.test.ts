import { describe, expect, test } from "@jest/globals";
import type { Channel } from "#src/channel/channel.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { createDeployment } from "#src/deployment/deployment.ts";
import type { RunningChannel } from "#src/pipeline/running-channel.ts";
import type { Listener } from "#src/sources/source.ts";

/** What happened, in order; versions of the one channel are named by their digest. */
let told: string[];

interface Version {
  readonly digest: string;
  /** Opening its connectors, or its socket, fails. */
  readonly broken?: "open" | "listen";
  readonly listens?: boolean;
}

const refusal = new BotenstoffError("CONFIG_INVALID", "listening: the port is taken");

function channel({ digest, broken, listens }: Version): Channel {
  const version = { digest, broken, listens: listens ?? broken === "listen" };
  const concealed = (text: string) => text;
  return {
    id: "one",
    title: "One",
    digest,
    concealed,
    values: "",
    sourceType: "fake",
    destinations: [],
    version,
  } as never;
}

function open(wanted: Channel): RunningChannel {
  const { digest, broken, listens } = (wanted as unknown as { version: Version }).version;
  if (broken === "open") throw refusal;
  const listen = async (): Promise<Listener> => {
    if (broken === "listen") throw refusal;
    told.push(`${digest} listens`);
    return { port: 1, close: async () => void told.push(`${digest} stops listening`) };
  };
  const close = async () => void told.push(`${digest} closed`);
  return { id: "one", digest, source: { close, ...(listens && { listen }) }, destinations: [] } as never;
}

function deploymentWith(drained: () => Promise<void> = async () => undefined) {
  told = [];
  const running = new Set<string>();
  const deployment = createDeployment({
    open,
    intake: () => Promise.reject(new Error("nothing comes in")),
    log: () => undefined,
    journal: async () => undefined,
    worker: {
      start: (started) => {
        running.add(versionOf(started));
        told.push(`${versionOf(started)} works`);
      },
      stop: async () => {
        await drained();
        told.push("drained");
      },
      wake: () => undefined,
      breakers: () => [],
      drain: async () => undefined,
    },
  });
  const apply = (version: Version) => deployment.apply({ channels: [channel(version)], refused: new Map() });
  return { deployment, apply };
}

const versionOf = (running: RunningChannel | undefined) =>
  (running as { digest?: string } | undefined)?.digest ?? "none";

describe("replacing a running channel", () => {
  test("hands webhooks to the new version at once, while the old one's turns still end", async () => {
    let drain: () => void = () => undefined;
    const { deployment, apply } = deploymentWith(() => new Promise((resolve) => (drain = resolve)));
    await apply({ digest: "v1" });
    const replaced = apply({ digest: "v2" });
    await new Promise((resolve) => setImmediate(resolve));
    expect(versionOf(deployment.get("one"))).toBe("v2");
    expect(told).toEqual(["v1 works"]);
    drain();
    await replaced;
    expect(told).toEqual(["v1 works", "drained", "v1 closed", "v2 works"]);
  });

  test("lets go of a socket of its own before the new version takes it", async () => {
    const { apply } = deploymentWith();
    await apply({ digest: "v1", listens: true });
    await apply({ digest: "v2", listens: true });
    expect(told.slice(0, 4)).toEqual(["v1 listens", "v1 works", "v1 stops listening", "v2 listens"]);
  });

  test.each(["open", "listen"] as const)(
    "keeps the old version when the new one cannot %s, and says why",
    async (broken) => {
      const { deployment, apply } = deploymentWith();
      await apply({ digest: "v1", listens: true });
      await apply({ digest: "v2", broken });
      expect(versionOf(deployment.get("one"))).toBe("v1");
      expect(told).not.toContain("v1 closed");
      expect(
        told.filter((line) => line === "v1 listens").length -
          told.filter((line) => line === "v1 stops listening").length,
      ).toBe(1);
      expect(deployment.status()).toMatchObject([
        { state: "running", problems: [expect.stringContaining(refusal.message)] },
      ]);
    },
  );

  test("shows no problem of a version before as soon as the new one runs", async () => {
    let drain: () => void = () => undefined;
    const { deployment, apply } = deploymentWith(() => new Promise((resolve) => (drain = resolve)));
    await apply({ digest: "v1" });
    await deployment.apply({ channels: [], refused: new Map([["one", ["line 3 is wrong"]]]) });
    expect(deployment.status()).toMatchObject([{ state: "running", problems: ["line 3 is wrong"] }]);
    const replaced = apply({ digest: "v2" });
    await new Promise((resolve) => setImmediate(resolve));
    expect(deployment.status()).toMatchObject([{ state: "running", problems: [] }]);
    drain();
    await replaced;
  });

  test("says of which sound channels nothing runs", async () => {
    const { apply } = deploymentWith();
    expect(await apply({ digest: "v1", broken: "listen" })).toEqual(["one"]);
    expect(await apply({ digest: "v2" })).toEqual([]);
    expect(await apply({ digest: "v3", broken: "listen" })).toEqual([]);
  });

  test("leaves untouched what did not change", async () => {
    const { apply } = deploymentWith();
    await apply({ digest: "v1" });
    await apply({ digest: "v1" });
    expect(told).toEqual(["v1 works"]);
  });
});

describe("a paused channel", () => {
  test("is open but does not work, in whatever version, until it may go on", async () => {
    const { deployment, apply } = deploymentWith();
    await deployment.pause(new Set(["one"]));
    await apply({ digest: "v1" });
    await apply({ digest: "v2" });
    expect(told.filter((line) => line.endsWith("works"))).toEqual([]);
    expect(versionOf(deployment.get("one"))).toBe("v2");
    await deployment.pause(new Set());
    expect(told.filter((line) => line.endsWith("works"))).toEqual(["v2 works"]);
  });

  test("ends its turns when it is paused, and begins again once", async () => {
    const { deployment, apply } = deploymentWith();
    await apply({ digest: "v1" });
    await deployment.pause(new Set(["one"]));
    await deployment.pause(new Set(["one"]));
    expect(told.filter((line) => line === "drained")).toHaveLength(1);
    await deployment.pause(new Set());
    await deployment.pause(new Set());
    expect(told.filter((line) => line.endsWith("works"))).toHaveLength(2);
  });
});
