import type { Adapter, AdapterPayload } from "oidc-provider";

/** What the simulated provider remembers, until it ends. One store for every kind of thing. */
export function memoryAdapter(): (kind: string) => Adapter {
  const stored = new Map<string, AdapterPayload>();
  const find = (kind: string, key: "uid" | "userCode", value: string) =>
    Promise.resolve([...stored].find(([name, payload]) => name.startsWith(`${kind}:`) && payload[key] === value)?.[1]);
  return (kind) => ({
    upsert: (id, payload) => Promise.resolve(void stored.set(`${kind}:${id}`, payload)),
    find: (id) => Promise.resolve(stored.get(`${kind}:${id}`)),
    findByUid: (uid) => find(kind, "uid", uid),
    findByUserCode: (code) => find(kind, "userCode", code),
    consume: (id) => {
      const payload = stored.get(`${kind}:${id}`);
      if (payload) payload.consumed = Math.floor(Date.now() / 1_000);
      return Promise.resolve();
    },
    destroy: (id) => Promise.resolve(void stored.delete(`${kind}:${id}`)),
    revokeByGrantId: (grantId) => {
      for (const [name, payload] of stored) if (payload.grantId === grantId) stored.delete(name);
      return Promise.resolve();
    },
  });
}
