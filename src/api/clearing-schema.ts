import { z } from "zod";
import { REJECTIONS } from "#src/clearing/reject.ts";
import { TYPED_KINDS } from "#src/identity/typed.ts";
import { EVIDENCE, LINK_ROLES, LINK_SCOPES, type Evidence } from "#src/message/link.ts";
import { HOLD_REASONS, type HoldReason } from "#src/message/message.ts";
import { words } from "./decision.ts";
import { channelId } from "./message-schema.ts";
import { pageLimit } from "./query.ts";

const instant = z.iso.datetime();
const reason = z.enum(Object.keys(HOLD_REASONS) as [HoldReason, ...HoldReason[]]);
const role = z.enum(LINK_ROLES).describe("Who writes: the patient, a guardian of theirs, or somebody they named.");
const evidence = z.enum(Object.keys(EVIDENCE) as [Evidence, ...Evidence[]]);

export const taskQuerySchema = z.strictObject({
  channel: channelId.optional(),
  reason: reason.optional().describe("Something of it is held for this."),
  state: z.enum(["open", "proposed", "locked", "overdue"]).optional(),
  after: z.uuid().optional().describe("`next` of the page before."),
  limit: pageLimit,
});

export const taskSchema = z.strictObject({
  id: z.uuid(),
  channel: z.string(),
  state: z
    .enum(["open", "proposed", "locked"])
    .describe("`proposed`: somebody else has to confirm. `locked`: too many wrong identifiers were typed."),
  reasons: z.partialRecord(reason, z.int()).describe("Why it is held, and how many messages."),
  messages: z.int(),
  opened_at: instant.describe("Since when the first of it is held."),
  due_at: instant,
  overdue: z.boolean(),
  escalated_at: instant.nullable().describe("When somebody else was told that it is still not decided."),
  ends_at: instant.describe("When the channel's `unknown_sender` is over and the messages are restricted."),
  wanted: z.enum(["contact_card", "code", "answer"]).nullable().describe("What the sender is to be asked or told."),
  proposed_at: instant.nullable(),
  mine: z.boolean().describe("Proposed by whoever asks: somebody else confirms."),
});
export type TaskView = z.infer<typeof taskSchema>;

export const taskListSchema = z.strictObject({
  items: z.array(taskSchema).describe("The longest waiting first."),
  next: z.uuid().nullable().describe("Pass as `after` for the next page; null at the end."),
});

const patientSchema = z.strictObject({
  name: z.string(),
  birth_date: z.string().nullable(),
  sex: z.string().nullable(),
  patient_number: z.string().nullable(),
});

const candidateSchema = z.strictObject({
  id: z.hex().describe("Keyed hash: equal for the same patient, and nothing more."),
  masked: z.string().describe("Initials."),
  hints: z
    .array(z.enum(["carries_number", "linked", "was_linked", "contact_card"]))
    .describe("The directory has the number, or one on a contact card that was sent; a link leads there, or did."),
  level: z.int().describe("Of the link, 1 for the number alone."),
});

export const taskDetailSchema = taskSchema.extend({
  held: z
    .array(z.strictObject({ message: z.uuid(), kind: z.string(), reason, received_at: instant }))
    .describe("In order, the first 500. The content is read by message (`?content=true`), and journaled there."),
  shows: z
    .enum(["number", "user_id", "nobody"])
    .nullable()
    .describe("By what the sender is known; null for whoever decides nothing."),
  candidates: z
    .array(candidateSchema)
    .nullable()
    .describe("Masked until two identifiers match; null for whoever decides nothing."),
  require_level: z.int(),
  four_eyes: z.boolean(),
  misses_left: z.int().describe("So many wrong identifiers more, and the case is locked."),
  proposal: z
    .strictObject({
      role,
      scope: z.enum(LINK_SCOPES),
      evidence,
      level: z.int(),
      by: z.string().describe("The journal's word for the person."),
      at: instant,
    })
    .nullable(),
});
export type TaskDetailView = z.infer<typeof taskDetailSchema>;

export const typedSchema = z.strictObject({
  kind: z.enum(TYPED_KINDS),
  value: z.string().trim().min(1).max(64).describe("As it was got: neither kept, logged nor journaled."),
});

export const matchSchema = z.strictObject({
  identifiers: z
    .array(typedSchema)
    .length(2)
    .refine((two) => two[0]?.kind !== two[1]?.kind, "must be of two kinds")
    .describe("Two of different kinds, got elsewhere than from the conversation."),
});

export const matchedSchema = z.strictObject({
  match: z.boolean().describe("Both are true of exactly one patient. Nothing else is told of what does not match."),
  proof: z.uuid().nullable().describe("To be named when assigning; good once, for ten minutes, for whoever typed."),
  patient: patientSchema.nullable().describe("Whom they match."),
  misses_left: z.int(),
});

export const assignSchema = z.strictObject({
  proof: z.uuid(),
  scope: z
    .enum(LINK_SCOPES)
    .describe(
      "`once`: what is held, or the messages named. `always`: that, and from now on. `case`: that, and as long as the " +
        "patient's one open case is.",
    ),
  role: role.default("self"),
  evidence: z
    .enum(["clerk", "in_person"])
    .default("clerk")
    .describe("`in_person`: staff has seen the patient write (level 4)."),
  messages: z.array(z.uuid()).min(1).max(500).optional().describe("Only with scope `once`."),
});

export const approveSchema = z.strictObject({ identifier: typedSchema });

export const declineSchema = z.strictObject({
  reason: words(500).describe("Why; the journal keeps it for good: nothing about the patient."),
});

export const rejectSchema = z.strictObject({
  reason: z.enum(REJECTIONS).describe("Why; the journal keeps it. No free text: it could tell of the sender."),
  answer: z.boolean().default(false).describe("Whether the sender is to be told. Kept as a wish: nothing is sent yet."),
});

export const wantSchema = z.strictObject({
  wanted: z.enum(["contact_card", "code"]).describe("Kept as a wish: nothing is sent yet."),
});

export const decidedSchema = z.strictObject({
  outcome: z.enum(["proposed", "assigned", "declined", "rejected", "wanted", "unlocked"]),
  task: taskDetailSchema,
});
