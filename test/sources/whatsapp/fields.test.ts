import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { callBody, echoBody, historyBody } from "#src/simulators/whatsapp-cloud/fields.ts";
import { kindParts, mediaPart } from "#src/simulators/whatsapp-cloud/kinds.ts";
import { batch, elementUpdate, fieldBody } from "#src/simulators/whatsapp-cloud/payload.ts";
import { cut } from "#src/sources/whatsapp/payload.ts";

const NUMBER = "106540352242922";
const PHONE = "4915112345678";
const SENT = 1_795_428_000;
const raw = (body: unknown) => ({ raw: Buffer.from(JSON.stringify(body)), receivedAt: "2026-11-23T10:00:00.000Z" });
const all = (body: unknown) => cut(raw(body), NUMBER);
const messages = (body: unknown) => all(body).messages;
const text = (body: string) => ({ type: "text", text: { body } });
const change = (field: string, members: object) => fieldBody(NUMBER, field, { ...members });

describe("what the hospital's own phone sent", () => {
  test("has the patient as its recipient and nobody as its sender", () => {
    const body = echoBody(NUMBER, { to: PHONE, id: "wamid.E", timestamp: SENT }, text("Bitte um 10 Uhr"));
    expect(messages(body)).toMatchObject([
      {
        externalId: "wamid.E",
        content: { kind: "text", text: "Bitte um 10 Uhr" },
        recipient: { phone: PHONE },
        conversation: `${NUMBER}:${PHONE}`,
      },
    ]);
    expect(messages(body)[0]).not.toHaveProperty("sender");
    expect(messages(body)[0]).not.toHaveProperty("hold");
  });

  test("may be an edit or a revocation of it, and may name the patient by user id only", () => {
    const echo = (part: object) => ({ from: "4930901820", to_user_id: "DE.1", id: "wamid.E", ...part });
    const parts = kindParts("wamid.T");
    const drafts = messages(
      change("smb_message_echoes", {
        message_echoes: [echo(parts["edit"]!), { ...echo(parts["revoke"]!), id: "wamid.F" }],
      }),
    );
    expect(drafts.map(({ content, recipient }) => [content.kind, recipient])).toEqual([
      ["edit", { userId: "DE.1" }],
      ["revoke", { userId: "DE.1" }],
    ]);
  });
});

describe("the history of a number that was connected later", () => {
  test("is cut line by line, each from the side that wrote it, and marked as earlier", () => {
    const drafts = messages(
      historyBody(NUMBER, PHONE, [
        { by: "patient", id: "wamid.1", timestamp: SENT, part: text("Hallo") },
        { by: "hospital", id: "wamid.2", timestamp: SENT, part: text("Guten Tag") },
      ]),
    );
    expect(drafts).toMatchObject([
      { externalId: "wamid.1", sender: { phone: PHONE }, circumstances: { earlier: true } },
      { externalId: "wamid.2", recipient: { phone: PHONE }, circumstances: { earlier: true } },
    ]);
    expect(new Set(drafts.map(({ conversation }) => conversation))).toEqual(new Set([`${NUMBER}:${PHONE}`]));
  });

  test("knows the hospital's lines by its number where they name nobody", () => {
    const thread = { id: PHONE, messages: [{ from: "4930901820", id: "wamid.1", ...text("Guten Tag") }] };
    const [draft] = messages(change("history", { history: [{ threads: [thread] }] }));
    expect(draft).toMatchObject({ recipient: { phone: PHONE } });
    expect(draft).not.toHaveProperty("sender");
  });

  test("an image that follows its placeholder is not taken for a duplicate of it", () => {
    const placeholder = historyBody(NUMBER, PHONE, [
      { by: "patient", id: "wamid.1", timestamp: SENT, part: { type: "media_placeholder" } },
    ]);
    const media = { id: "77", mimeType: "image/jpeg", sha256: "" };
    const later = change("history", { messages: [{ from: PHONE, id: "wamid.1", ...mediaPart("image", media) }] });
    const [first, second] = [...messages(placeholder), ...messages(later)];
    expect(first).toMatchObject({ content: { kind: "unknown", sourceKind: "media_placeholder" }, part: "placeholder" });
    expect(second).toMatchObject({ content: { kind: "image" }, circumstances: { earlier: true } });
    expect(second?.part).toBeUndefined();
  });

  test("an image has the same identity whether or not its placeholder came with it", () => {
    const placeholder = { from: PHONE, id: "wamid.1", timestamp: SENT, type: "media_placeholder" };
    const media = { id: "77", mimeType: "image/jpeg", sha256: "" };
    const image = { from: PHONE, id: "wamid.1", timestamp: SENT, ...mediaPart("image", media) };
    const partsOf = (...said: unknown[]) => messages(change("history", { messages: said })).map(({ part }) => part);
    expect(partsOf(image)).toEqual([undefined]);
    expect(partsOf(placeholder, image)).toEqual(["placeholder", undefined]);
    expect(partsOf(image, placeholder)).toEqual([undefined, "placeholder"]);
  });

  test("follows no change of number of long ago, which may have been overtaken", () => {
    const part = kindParts("")["system"]!;
    const [draft] = messages(historyBody(NUMBER, PHONE, [{ by: "patient", id: "wamid.1", timestamp: SENT, part }]));
    expect(draft?.content).toMatchObject({ kind: "note", event: "number_changed" });
    expect(draft).not.toHaveProperty("contactNews");
  });

  test("that its owner refused, or that only tells its progress, is for operators", () => {
    const refused = all(change("history", { history: [{ errors: [{ code: 2593109 }] }] }));
    expect(refused.messages).toEqual([]);
    expect(refused.notices).toMatchObject([{ kind: "operator", codes: ["2593109"] }]);
    expect(all(change("history", { history: [{ metadata: { progress: 100 } }] })).notices).toMatchObject([
      { kind: "operator", event: "progress" },
    ]);
  });

  test("in a shape nobody knows is held, part by part", () => {
    const history = [7, { threads: [7, { id: PHONE }, { id: PHONE, messages: [null, { id: "x", ...text("a") }] }] }];
    expect(messages(change("history", { history })).map(({ hold }) => hold)).toEqual([
      "malformed",
      "malformed",
      "malformed",
      "malformed",
      undefined,
    ]);
  });
});

describe("a call", () => {
  test("is told event by event, from the side that called", () => {
    const call = { phone: PHONE, id: "wacid.A", timestamp: SENT };
    expect(messages(callBody(NUMBER, { ...call, by: "patient", event: "connect" }))).toMatchObject([
      {
        externalId: "call:wacid.A:connect",
        content: { kind: "call", direction: "incoming", event: "connect" },
        sender: { phone: PHONE },
      },
    ]);
    expect(
      messages(callBody(NUMBER, { ...call, by: "hospital", event: "terminate", durationSeconds: 120 })),
    ).toMatchObject([
      {
        externalId: "call:wacid.A:terminate",
        content: { kind: "call", direction: "outgoing", event: "terminate", durationSeconds: 120 },
        recipient: { phone: PHONE },
      },
    ]);
  });

  test("without an id or event is malformed; its statuses are notices", () => {
    const both = all(
      change("calls", {
        calls: [{ id: "wacid.A" }, 7],
        statuses: [{ id: "wacid.A", type: "call", status: "RINGING" }],
      }),
    );
    expect(both.messages.map(({ hold }) => hold)).toEqual(["malformed", "malformed"]);
    expect(both.notices).toMatchObject([{ kind: "status", event: "call:ringing" }]);
  });
});

describe("a group", () => {
  const groups = (change: object) => [{ group_id: "G1", type: "group_participants_remove", ...change }];

  test("tells a change as a note, the patient's own only where it is about one person", () => {
    const one = messages(
      change("group_participants_update", { groups: groups({ removed_participants: [{ wa_id: 4915112345678 }] }) }),
    );
    expect(one).toMatchObject([
      {
        content: { kind: "note", event: "group_changed", text: "group_participants_remove" },
        sender: { phone: PHONE },
        conversation: `${NUMBER}:G1`,
      },
    ]);
    const two = messages(
      change("group_participants_update", {
        groups: groups({ removed_participants: [{ wa_id: "49151" }, { wa_id: "49152" }] }),
      }),
    );
    expect(two[0]).not.toHaveProperty("sender");
  });

  test("that names none is malformed", () => {
    expect(messages(change("group_settings_update", { groups: [{}] }))).toMatchObject([{ hold: "malformed" }]);
    expect(messages(change("group_settings_update", { x: 1 }))).toMatchObject([{ hold: "unsupported" }]);
  });
});

describe("a kind the engine cannot read", () => {
  const hologram = batch(NUMBER, [
    elementUpdate({ from: PHONE, id: "x" }, { type: "hologram", hologram: { deep: [1] } }),
  ]);
  const broken = batch(NUMBER, [elementUpdate({ from: PHONE, id: "x" }, { type: "image", image: {} })]);

  test("waits for a person, or goes on as a visible placeholder, as the channel says; its members survive", () => {
    expect(cut(raw(hologram), NUMBER, "hold").messages).toMatchObject([{ hold: "unsupported" }]);
    const [placed] = cut(raw(hologram), NUMBER, "placeholder").messages;
    expect(placed).toMatchObject({
      content: { kind: "unknown", sourceKind: "hologram" },
      raw: { element: { hologram: { deep: [1] } } },
    });
    expect(placed).not.toHaveProperty("hold");
  });

  test("is no excuse for what is malformed or for another number", () => {
    expect(cut(raw(broken), NUMBER, "placeholder").messages).toMatchObject([{ hold: "malformed" }]);
    expect(cut(raw(hologram), "999", "placeholder").messages).toMatchObject([{ hold: "foreign_number" }]);
  });
});

describe("any batch", () => {
  const id = fc.uuid();
  const part = fc.constantFrom(
    ...Object.values(kindParts("wamid.T")),
    mediaPart("image", { id: "1", mimeType: "image/png", sha256: "" }),
    text("Grüß Gott"),
    { type: "hologram" },
    { type: "location", location: {} },
  );
  const element = fc.tuple(id, part).map(([id, part]) => ({ id: `wamid.${id}`, from: PHONE, to: PHONE, ...part }));
  const few = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: 1, maxLength: 4 });
  const status = id.map((id) => ({ id, status: "sent" }));
  const changes = fc.oneof(
    fc.record({ messages: few(element), statuses: few(status) }).map((lists) => ({ field: "messages", lists })),
    few(element).map((message_echoes) => ({ field: "smb_message_echoes", lists: { message_echoes } })),
    few(id).map((ids) => ({ field: "calls", lists: { calls: ids.map((id) => ({ id, event: "connect" })) } })),
    few(element).map((messages) => ({
      field: "history",
      lists: { history: [{ threads: [{ id: PHONE, messages }] }] },
    })),
  );

  test("of n updates, over entries, changes, fields and kinds, is accounted for as n", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(changes, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 }),
        (groups) => {
          const value = (lists: object) => ({ metadata: { phone_number_id: NUMBER }, ...lists });
          const entry = groups.map((one) => ({
            id: "1",
            changes: one.map(({ field, lists }) => ({ field, value: value(lists) })),
          }));
          const sent = new Set(JSON.stringify(entry).match(/"id":"(wamid\.)?[0-9a-f-]{36}"/g));
          const { messages, notices } = all({ entry });
          const elements = [...messages, ...notices].map(
            (draft) => (draft.raw as { element: { id?: string } }).element,
          );
          const accounted = new Set(elements.flatMap(({ id }) => (id === undefined ? [] : [`"id":"${id}"`])));
          expect(accounted).toEqual(sent);
          const identities = messages.map(({ externalId, part = "" }) => `${externalId}/${part}`);
          expect(new Set(identities).size).toBe(identities.length);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("the fingerprint of a contact's keys", () => {
  test.each([
    ["as the sender's entry tells it", { type: "text" }, { identity_key_hash: "hash=" }],
    ["beside a message", { type: "text", identity: { acknowledged: true, hash: "hash=" } }, {}],
    ["as an object of a system message", { type: "system", system: { identity: { hash: "hash=" } } }, {}],
    ["as all a system message says of it", { type: "system", system: { identity: "hash=" } }, {}],
  ])("is read %s", (_name, part, entry) => {
    const contacts = [{ wa_id: PHONE, ...entry }];
    const [draft] = messages(change("messages", { contacts, messages: [{ from: PHONE, id: "wamid.1", ...part }] }));
    expect(draft?.contactNews).toEqual({ keyHash: "hash=" });
  });
});
