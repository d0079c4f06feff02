import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { cut } from "#src/sources/whatsapp/payload.ts";

const NUMBER = "106540352242922";
const OTHER = "106540352242923";
const RECEIVED = "2026-11-24T10:00:00.000Z";
const split = (body: unknown) => cut({ raw: Buffer.from(JSON.stringify(body)), receivedAt: RECEIVED }, NUMBER);
const change = (value: unknown, field = "messages") => ({ entry: [{ id: "1", changes: [{ field, value }] }] });
const value = (members: object, number = NUMBER) => ({ metadata: { phone_number_id: number }, ...members });
const statuses = (...reports: object[]) => split(change(value({ statuses: reports }))).notices;

describe("a status", () => {
  test("is a notice about the sent message, and no message", () => {
    const element = { id: "wamid.A", status: "delivered", timestamp: "1750030073", recipient_id: "4915112345678" };
    expect(split(change(value({ statuses: [element] })))).toEqual({
      messages: [],
      notices: [
        {
          kind: "status",
          externalId: "status:wamid.A:delivered",
          about: { externalId: "wamid.A" },
          field: "statuses",
          event: "delivered",
          codes: [],
          level: "info",
          at: "2025-06-15T23:27:53.000Z",
          raw: { field: "messages", value_metadata: { phone_number_id: NUMBER }, contact: undefined, element },
        },
      ],
    });
  });

  test("has its time from a string or a number", () => {
    const at = (timestamp: unknown) => statuses({ id: "w", status: "sent", timestamp })[0]?.at;
    expect(at(1750030073)).toBe(at("1750030073"));
    expect(at("never")).toBe(RECEIVED);
  });

  test("of each participant of a group is its own, under either name of the member", () => {
    const reports = statuses(
      { id: "w", status: "read", recipient_participant_id: "DE.1" },
      { id: "w", status: "read", participant_recipient_id: "DE.2" },
    );
    expect(reports.map((one) => one.externalId)).toEqual(["status:w:read:DE.1", "status:w:read:DE.2"]);
    expect(reports.map((one) => one.kind === "status" && one.about.participant)).toEqual(["DE.1", "DE.2"]);
  });

  test("that failed keeps its codes", () => {
    const errors = [{ code: 131047 }, { code: 131026 }, { code: "131026" }, { code: "4915112345678" }, null];
    expect(statuses({ id: "w", status: "failed", errors })).toMatchObject([
      { event: "failed", codes: ["131026", "131047"], level: "info" },
    ]);
  });

  test("whose code stops the sender is for operators too, and one that loses a message an error", () => {
    const level = (code: number) => statuses({ id: "w", status: "failed", errors: [{ code }] })[0]?.level;
    expect([131026, 131042, 131036].map(level)).toEqual(["info", "warn", "error"]);
  });

  test("of a call says so", () => {
    expect(statuses({ id: "wacid.A", type: "call", status: "RINGING" })).toMatchObject([
      { event: "call:ringing", externalId: "status:wacid.A:RINGING" },
    ]);
  });

  test("without an id or of another shape is held as a message, not dropped", () => {
    for (const element of [{ status: "read" }, "read", null, 7]) {
      const { messages, notices } = split(change(value({ statuses: [element] })));
      expect(notices).toEqual([]);
      expect(messages).toMatchObject([{ hold: "malformed", content: { sourceKind: "status" }, raw: { element } }]);
    }
  });
});

describe("what concerns the account", () => {
  test.each([
    ["account_update", { event: "DISABLED_UPDATE" }, "DISABLED_UPDATE", "warn"],
    ["account_review_update", { decision: "APPROVED" }, "APPROVED", "info"],
    ["message_template_status_update", { event: "REJECTED", reason: "SCAM" }, "REJECTED", "info"],
    ["message_template_quality_update", { new_quality_score: "RED" }, "RED", "info"],
    ["phone_number_quality_update", { event: "FLAGGED", display_phone_number: "4930" }, "FLAGGED", "warn"],
    ["phone_number_name_update", { decision: "APPROVED" }, "APPROVED", "info"],
    ["security", { event: "PIN_RESET_REQUEST" }, "PIN_RESET_REQUEST", "warn"],
    ["user_preferences", { user_preferences: [{ wa_id: "4915112345678", value: "stop" }] }, "stop", "info"],
    ["business_capability_update", { max_daily_conversation_per_phone: 10 }, "untold", "info"],
  ])("a change of %s is an operator event", (field, element, event, level) => {
    expect(split(change(element, field))).toMatchObject({
      messages: [],
      notices: [{ kind: "operator", field, event, level, raw: { element } }],
    });
  });

  test("an error without a message is one, an error by which a message is lost the loudest", () => {
    const { notices } = split(change(value({ errors: [{ code: 130429, title: "Rate limit hit" }, { code: 131035 }] })));
    expect(notices).toMatchObject([
      { kind: "operator", field: "errors", event: "130429", codes: ["130429"], level: "warn" },
      { kind: "operator", field: "errors", event: "131035", codes: ["131035"], level: "error" },
    ]);
  });

  test("a repetition has the same identity, another time of the entry another", () => {
    const at = (time: number) => ({
      entry: [{ id: "1", time, changes: [{ field: "security", value: { event: "PIN_CHANGED" } }] }],
    });
    const idOf = (time: number) => split(at(time)).notices[0]?.externalId;
    expect(idOf(1750030073)).toBe(idOf(1750030073));
    expect(idOf(1750030073)).not.toBe(idOf(1750030074));
  });

  test("what it is called is harmless wherever it is written, a number included", () => {
    const event = `+4915112345678\n<b>${"A".repeat(500)}`;
    const { notices } = split(change({ event }, "account_update"));
    expect(notices[0]?.event).toMatch(/^[A-Za-z0-9_:.#-]{1,64}$/);
    expect(notices[0]?.event).not.toContain("4915112345678");
  });

  test("a field nobody knows may hold what somebody said, and is held", () => {
    for (const field of ["whispers", "constructor", "__proto__"]) {
      expect(split(change({ event: "X" }, field))).toMatchObject({ messages: [{ hold: "unsupported" }], notices: [] });
    }
  });
});

describe("what is addressed to another number", () => {
  test("says so, message and status alike", () => {
    const body = change(
      value({ messages: [{ id: "m", from: "4915112345678", type: "text", text: { body: "a" } }] }, OTHER),
    );
    expect(split(body).messages).toMatchObject([{ addressee: `whatsapp:${OTHER}`, hold: "foreign_number" }]);
    const report = change(value({ statuses: [{ id: "w", status: "sent" }] }, OTHER));
    expect(split(report).notices).toMatchObject([{ addressee: `whatsapp:${OTHER}` }]);
  });

  test("counts for itself: an id both numbers use is no repetition of either", () => {
    const hello = { id: "m", from: "4915112345678", type: "text", text: { body: "a" } };
    const bye = { ...hello, text: { body: "b" } };
    const { entry } = change(value({ messages: [hello] }));
    const { messages } = split({ entry: [...entry, ...change(value({ messages: [bye] }, OTHER)).entry] });
    expect(messages.map(({ externalId, part }) => [externalId, part])).toEqual([
      ["m", undefined],
      ["m", undefined],
    ]);
  });
});

test("of any mix of messages, statuses and errors everything is accounted for", () => {
  const id = fc.integer({ min: 0, max: 1e9 }).map(String);
  const list = <T>(one: fc.Arbitrary<T>) => fc.array(one, { maxLength: 10 });
  const mixed = fc.record({
    messages: list(id.map((id) => ({ id: `m${id}`, from: "4915112345678", type: "text", text: { body: id } }))),
    statuses: list(fc.record({ id, status: fc.constantFrom("sent", "read", "failed", "new_one") })),
    errors: list(fc.record({ code: fc.nat() })),
  });
  fc.assert(
    fc.property(fc.array(mixed, { minLength: 1, maxLength: 4 }), (values) => {
      const { messages, notices } = split({ entry: values.flatMap((members) => change(value(members)).entry) });
      const said = values.flatMap((members) => members.messages.map((one) => one.id));
      const empty = values.filter((members) => Object.values(members).every((each) => each.length === 0)).length;
      expect(messages).toHaveLength(said.length + empty);
      expect(notices).toHaveLength(values.flatMap((members) => [...members.statuses, ...members.errors]).length);
    }),
  );
});

describe("what nobody said", () => {
  const kept = (body: unknown) => {
    const { messages, notices } = split(body);
    expect(messages).toEqual([]);
    return notices.map(({ field, event, codes }) => ({ field, event, codes }));
  };
  const errors = [{ code: 131215, title: "Groups are not available" }];

  test.each([
    ["smb_app_state_sync", { state_sync: [{ type: "contact", contact: { full_name: "P" }, action: "add" }] }, "add"],
    ["business_username_update", { status: "approved", username: "klinik" }, "approved"],
    [
      "user_actions",
      { user_actions: [{ action_type: "marketing_messages_link_click" }] },
      "marketing_messages_link_click",
    ],
  ])("in field %s is for operators", (field, members, event) => {
    expect(kept(change(value(members), field))).toEqual([{ field, event, codes: [] }]);
  });

  test("an action beside messages is, too", () => {
    const told = kept(change(value({ user_actions: [{ action_type: "marketing_messages_link_click" }] })));
    expect(told).toEqual([{ field: "user_actions", event: "marketing_messages_link_click", codes: [] }]);
  });

  test.each([
    [{ groups: [{ type: "group_create", request_id: "r", errors }] }, "group_create"],
    [{ groups: [{ type: "group_settings_update", group_id: "G", errors }] }, "group_settings_update"],
    [{ errors }, "131215"],
  ])("a group that could not be made or changed is, too: %j", (members, event) => {
    const [told] = kept(change(value(members), "group_lifecycle_update"));
    expect(told).toMatchObject({ event, codes: ["131215"] });
  });
});
