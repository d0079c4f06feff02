import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Connections } from "#src/api/connections.ts";

let ports: number;
beforeEach(() => {
  ports = 0;
});

class FakeSocket extends EventEmitter {
  readonly remoteAddress = "203.0.113.9";
  readonly remotePort = ++ports;
  destroyed = false;
  destroy(): void {
    this.destroyed = true;
    this.emit("close");
  }
}

function socketsOf(connections: Connections, count: number) {
  const sockets = Array.from({ length: count }, () => new FakeSocket());
  for (const socket of sockets) connections.add(of(socket));
  return sockets;
}
const of = (socket: FakeSocket) => socket as unknown as Socket;
const closed = (sockets: readonly FakeSocket[]) =>
  sockets.flatMap(({ destroyed }, index) => (destroyed ? [index] : []));

describe("too many connections", () => {
  test("cost the strangers who came first theirs, never the newest", () => {
    const connections = new Connections({ connections: 3 });
    const sockets = socketsOf(connections, 5);
    expect(closed(sockets)).toEqual([0, 1]);
    expect(connections.open).toBe(3);
  });

  test("never cost one that proved itself", () => {
    const connections = new Connections({ connections: 3 });
    const [meta] = socketsOf(connections, 1);
    connections.judged(of(meta!), true);
    const strangers = socketsOf(connections, 1_000);
    expect(meta!.destroyed).toBe(false);
    expect(closed(strangers)).toHaveLength(998);
    expect(connections.open).toBe(3);
  });

  test("are over when connections close by themselves", () => {
    const connections = new Connections({ connections: 3 });
    const first = socketsOf(connections, 3);
    for (const socket of first.splice(0, 3)) socket.emit("close");
    expect(connections.open).toBe(0);
    expect(closed(socketsOf(connections, 3))).toEqual([]);
  });
});

describe("too many bytes nobody has proven", () => {
  test("cost the stranger who has had the longest time to prove himself", () => {
    const connections = new Connections({ strangersBytes: 100 });
    const sockets = socketsOf(connections, 4);
    for (const [index, socket] of sockets.entries()) if (index > 0) connections.received(of(socket), 40);
    expect(closed(sockets)).toEqual([1]);
  });

  test("are counted no more once the body was judged", () => {
    const connections = new Connections({ strangersBytes: 100 });
    const sockets = socketsOf(connections, 20);
    for (const [index, socket] of sockets.entries()) {
      connections.received(of(socket), 90);
      connections.judged(of(socket), index % 2 === 0);
    }
    expect(closed(sockets)).toEqual([]);
  });

  test("count for a proven sender's next body, too", () => {
    const connections = new Connections({ strangersBytes: 100 });
    const [meta, other] = socketsOf(connections, 2);
    connections.judged(of(meta!), true);
    connections.received(of(meta!), 60);
    connections.received(of(other!), 60);
    expect(closed([meta!, other!])).toEqual([1]);
  });
});

test("whatever happens, neither bound is ever exceeded and nothing is counted twice", () => {
  const step = fc.oneof(
    fc.constant({ does: "add" as const }),
    fc.record({ does: fc.constantFrom("received", "proven", "refused", "close"), whom: fc.nat(30), bytes: fc.nat(60) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const connections = new Connections({ connections: 5, strangersBytes: 100 });
      const sockets: FakeSocket[] = [];
      for (const taken of steps) {
        if (taken.does === "add" || !("whom" in taken)) {
          sockets.push(...socketsOf(connections, 1));
        } else {
          const socket = sockets[taken.whom];
          if (!socket || socket.destroyed) continue;
          if (taken.does === "received") connections.received(of(socket), taken.bytes);
          else if (taken.does === "close") socket.destroy();
          else connections.judged(of(socket), taken.does === "proven");
        }
        const open = sockets.filter(({ destroyed }) => !destroyed);
        expect(connections.open).toBe(open.length);
        expect(open.length).toBeLessThanOrEqual(5);
      }
      for (const socket of sockets) if (!socket.destroyed) socket.destroy();
      // With nobody left, the whole budget is free again.
      const [last] = socketsOf(connections, 1);
      connections.received(of(last!), 100);
      expect(last!.destroyed).toBe(false);
      expect(connections.open).toBe(1);
    }),
  );
});
