import { describe, expect, test } from "@jest/globals";
import type { Directory } from "#src/identity/directory.ts";
import type { PatientLookup } from "#src/lookups/lookup.ts";
import { createResolver } from "#src/identity/resolver.ts";

const LEVEL = { requireLevel: 1 };
const asking = new AbortController();
const CONTACT = { phone: "4915112345678" };

describe("what was found of a contact", () => {
  test("is not asked for again within a minute, then it is", async () => {
    const { directory, asked } = counting();
    let now = 0;
    const resolve = createResolver(directory, () => now);
    await Promise.all([resolve(CONTACT, LEVEL, asking), resolve(CONTACT, LEVEL, asking)]);
    now = 59_999;
    await resolve(CONTACT, LEVEL, asking);
    expect(asked()).toBe(1);
    now = 60_000;
    await resolve(CONTACT, LEVEL, asking);
    expect(asked()).toBe(2);
  });

  test("is asked for anew once it was found untrue, by whoever of several found out", async () => {
    const { directory, asked } = counting();
    const resolve = createResolver(directory, () => 0);
    const [first, second] = await Promise.all([resolve(CONTACT, LEVEL, asking), resolve(CONTACT, LEVEL, asking)]);
    first.forget();
    const newer = await resolve(CONTACT, LEVEL, asking);
    second.forget();
    expect(await resolve(CONTACT, LEVEL, asking)).toMatchObject({ seen: newer.seen });
    expect(asked()).toBe(2);
  });

  test("is of its own for each required level", async () => {
    const resolve = createResolver(counting().directory, () => 0);
    expect(await resolve(CONTACT, LEVEL, asking)).toMatchObject({ found: true });
    expect(await resolve(CONTACT, { requireLevel: 3 }, asking)).toMatchObject({ found: false, reason: "unverified" });
  });

  test("is asked for every time where the channel looks it up in the KIS", async () => {
    const { directory, asked } = counting();
    const resolve = createResolver(directory, () => 0);
    const identity = { ...LEVEL, lookup: {} as PatientLookup };
    await resolve(CONTACT, identity, asking);
    await resolve(CONTACT, identity, asking);
    expect(asked()).toBe(2);
  });

  test("is not a failure", async () => {
    let broken = true;
    const { directory } = counting(() => broken);
    const resolve = createResolver(directory, () => 0);
    await expect(resolve(CONTACT, LEVEL, asking)).rejects.toThrow("away");
    broken = false;
    expect(await resolve(CONTACT, LEVEL, asking)).toMatchObject({ found: true });
  });

  test("is kept for a bounded number of contacts", async () => {
    const { directory, asked } = counting();
    const resolve = createResolver(directory, () => 0);
    for (let index = 0; index <= 2_000; index += 1) await resolve({ phone: String(index) }, LEVEL, asking);
    await resolve({ phone: "0" }, LEVEL, asking);
    expect(asked()).toBe(2_002);
  });
});

/** A directory where every number is one patient's, whose version grows with every question. */
function counting(broken: () => boolean = () => false) {
  let asked = 0;
  const directory = {
    keysOf: () => ({ contactBi: Buffer.alloc(0), userBi: null }),
    carriers: () => {
      if (broken()) return Promise.reject(new Error("away"));
      asked += 1;
      const patient = { id: "p", version: asked, patient: { identifiers: [], phones: [] }, toldAt: new Date(0) };
      return Promise.resolve({ seen: [`p@${asked}`], patients: [patient] });
    },
    links: () => Promise.resolve({ seen: [], live: [] }),
    now: () => 0,
    refresh: () => Promise.resolve(),
    cases: () => Promise.resolve([]),
  } as unknown as Directory;
  return { directory, asked: () => asked };
}
