import { readFileSync } from "node:fs";
import { expect } from "@jest/globals";
import { createDirectory, type Directory } from "#src/identity/directory.ts";
import type { DirectoryDeps } from "#src/identity/directory-deps.ts";
import type { Effects } from "#src/identity/apply.ts";
import mapping from "#mappings/adt-to-directory/index.ts";
import type { DirectoryChange, DirectoryUpdate, Identifier } from "#src/message/directory.ts";
import type { Message } from "#src/message/message.ts";
import { createTestStore } from "../support/database.ts";
import { createTestKeys } from "../support/keys.ts";

export const NOW = Date.parse("2026-01-01T00:00:00.000Z");

/** A directory on a database of its own, with what it told its neighbours. */
export async function createDirectoryHarness(onChanged: DirectoryDeps["onChanged"] = () => Promise.resolve()) {
  const database = await createTestStore();
  const keys = await createTestKeys();
  const effects: Effects[] = [];
  let now = NOW;
  const { store } = database;
  const directory = createDirectory({
    store,
    sealer: keys.sealer,
    blindIndex: keys.blindIndex,
    // Time goes on: two answers of the KIS have two stamps.
    clock: () => (now += 1),
    onChanged: async (db, told, update) => {
      effects.push(told);
      await onChanged(db, told, update);
    },
  });
  return {
    ...keys,
    store,
    directory,
    effects,
    apply: (...updates: DirectoryUpdate[]) => directory.apply(change(...updates)),
    onlyByPhone: async (phone: string) => {
      const found = await directory.byPhone(phone);
      expect(found).toHaveLength(1);
      return found[0]!;
    },
    clear: async () => {
      await store.query("TRUNCATE patient, patient_identifier, patient_phone, encounter, patient_lookup CASCADE");
      effects.length = 0;
    },
    close: async () => {
      await database[Symbol.asyncDispose]();
      await keys[Symbol.asyncDispose]();
    },
  };
}

export const pi = (value: string, type = "PI"): Identifier => ({ value, authority: "HAUS", type });
export const vn = (value: string): Identifier => ({ value, authority: "HAUS", type: "VN" });

/** A stamp of the n-th second. */
export const at = (second: number): string => `${new Date(NOW + second * 1_000).toISOString()}|`;

export const PHONE = "4915112345678";
export const OTHER = "4917100000001";

export const told = (
  stamp: number,
  id: string,
  patient: Partial<DirectoryUpdate["patient"]> = {},
): DirectoryUpdate => ({
  stamp: at(stamp),
  patient: { identifiers: [pi(id)], ...patient },
});
export const admit = (stamp: number, id: string, number: string, phone = PHONE): DirectoryUpdate => ({
  ...told(stamp, id, { familyName: `Familie ${id}`, phones: { "PID-13": [phone] } }),
  existence: "exists",
  case: { number: vn(number), state: { is: "open", certain: true } },
});
export const merge = (stamp: number, survivor: string, ...retired: string[]): DirectoryUpdate => ({
  ...told(stamp, survivor),
  existence: "exists",
  retired: retired.map((value) => pi(value)),
});

export function change(...updates: DirectoryUpdate[]): DirectoryChange {
  return { type: "update", updates };
}

/** Everything a reader of the directory can see, without its ids: who carries each number, and their cases. */
export async function seen(directory: Directory, phones: readonly string[]): Promise<unknown> {
  const found = phones.map(async (phone) => {
    const patients = await directory.byPhone(phone);
    const told = await Promise.all(
      patients.map(async ({ id, patient }) => ({ patient, encounter: await directory.onlyOpenEncounter(id) })),
    );
    return told.map((one) => JSON.stringify(one)).toSorted();
  });
  return Promise.all(found);
}

/** What the shipped mapping makes of an HL7 text. */
export function mapped(text: string, receivedAt = "2026-01-01T12:00:00.000Z", params: object = {}): DirectoryChange {
  const message: Message = {
    id: "00000000-0000-5000-8000-000000000000",
    channel: "adt-to-directory",
    externalId: "example",
    content: { kind: "hl7", text, trigger: "" },
    conversation: "feed",
    sentAt: receivedAt,
    receivedAt,
    attachments: [],
    raw: null,
  };
  return mapping.map(message, { params: mapping.params.parse(params), routedAt: receivedAt });
}

/** The input of a golden example of the mapping. */
export function example(name: string): string {
  const file = new URL(`../../mappings/adt-to-directory/examples/${name}/in.hl7`, import.meta.url);
  return readFileSync(file, "utf8").replaceAll("\n", "\r");
}
