import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What the network between two ends does. */
export type Weather =
  | { readonly kind: "fair" }
  /** Every chunk arrives this much later. */
  | { readonly kind: "latency"; readonly ms: number }
  /** Every chunk arrives in pieces. */
  | { readonly kind: "slices"; readonly bytes: number }
  /** Connections are refused, those open are reset. */
  | { readonly kind: "down" }
  /** Connections open, and nothing passes either way. */
  | { readonly kind: "black-hole" }
  /** A second connection is refused while one is open. */
  | { readonly kind: "one-at-a-time" }
  /** What is sent arrives, what is answered does not. */
  | { readonly kind: "half-open" };

const FAIR: Weather = { kind: "fair" };

/** A TCP proxy on loopback whose weather can be changed at any moment; a change breaks what a storm had swallowed. */
export interface Proxy {
  readonly port: number;
  set(weather: Weather): void;
  /** Resets every open connection. */
  reset(): void;
  close(): Promise<void>;
}

export async function startProxy(target: number): Promise<Proxy> {
  let weather = FAIR;
  const pairs = new Set<readonly [Socket, Socket]>();
  const server = createServer((client) => {
    if (weather.kind === "down" || (weather.kind === "one-at-a-time" && pairs.size > 0)) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(target, "127.0.0.1");
    const pair = [client, upstream] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [upstream, client] as const]) {
      from.setNoDelay(true);
      from.on("error", () => undefined);
      from.on("close", () => {
        pairs.delete(pair);
        to.destroy();
      });
      let work = Promise.resolve();
      from.on("data", (chunk: Buffer) => {
        from.pause();
        work = work
          .then(() => pass(chunk, to, from === upstream))
          .then(
            () => void from.resume(),
            // The other side is gone, which ends both.
            () => void to.destroy(),
          );
      });
      from.on("end", () => {
        work = work.then(() => void to.end());
      });
    }
  });

  async function pass(chunk: Buffer, to: Socket, isAnswer: boolean): Promise<void> {
    const now = weather;
    if (now.kind === "black-hole" || (now.kind === "half-open" && isAnswer)) return;
    if (now.kind === "latency") await sleep(now.ms);
    const size = now.kind === "slices" ? now.bytes : chunk.length;
    for (let at = 0; at < chunk.length; at += size) {
      if (to.destroyed) return;
      if (!to.write(chunk.subarray(at, at + size))) await Promise.race([once(to, "drain"), once(to, "close")]);
      if (now.kind === "slices" && at < 20 * size) await sleep(1);
    }
  }

  function reset(): void {
    for (const [client, upstream] of pairs) {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    }
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy: Proxy = {
    port: (server.address() as AddressInfo).port,
    set: (next) => {
      // Bytes a black hole swallowed are gone for good: such a connection can only break.
      const broken = weather.kind === "black-hole" || weather.kind === "half-open" || next.kind === "down";
      weather = next;
      if (broken) reset();
    },
    reset,
    close: async () => {
      server.close();
      reset();
      await once(server, "close");
    },
  };
  return proxy;
}
