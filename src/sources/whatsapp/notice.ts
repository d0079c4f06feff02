import type { NoticeDraft, NoticeLevel } from "#src/message/notice.ts";
import { list, members, word } from "./member.ts";
import type { Members } from "./member.ts";
import { errorCodes } from "./unknown.ts";

/** What a notice tells, without the who, when and raw bytes that all elements share. */
export type NoticeReading = Omit<NoticeDraft, "kind" | "about" | "externalId" | "part" | "addressee" | "at" | "raw">;

/**
 * Fields that concern the account, its templates or the number: signals for operators, never anything a patient said.
 * Value: how urgent they are by themselves. A field that is not listed may hold what somebody said and is held instead.
 */
const OPERATOR_FIELDS: Readonly<Record<string, NoticeLevel>> = {
  account_alerts: "warn",
  account_review_update: "info",
  account_settings_update: "info",
  account_update: "warn",
  automatic_events: "info",
  business_capability_update: "info",
  business_status_update: "warn",
  business_username_update: "info",
  business_username_updates: "info",
  flows: "info",
  message_template_components_update: "info",
  message_template_quality_update: "info",
  message_template_status_update: "info",
  partner_solutions: "info",
  payment_configuration_update: "info",
  phone_number_name_update: "info",
  phone_number_quality_update: "warn",
  phone_number_username_update: "info",
  security: "warn",
  smb_app_state_sync: "info",
  template_category_update: "info",
  template_correct_category_detection: "info",
  tracking_events: "info",
  user_actions: "info",
  user_id_update: "info",
  user_preferences: "info",
};

/** Meta kept no copy and gives up the message: it is lost unless the patient sends it again. */
const MESSAGE_LOSS = new Set(["131035", "131036"]);
/** The sender is stopped until a person acts: token, permission, account lock, policy, payment, spam limit, registration. */
const STOPPED = new Set(["0", "3", "10", "190", "368", "130497", "131005", "131031", "131042", "131048", "133010"]);

/** Whether a change of this field is for operators. */
export function isOperatorField(field: string): boolean {
  return Object.hasOwn(OPERATOR_FIELDS, field);
}

/** Reads a change of one of the operator fields. */
export function operatorReading(field: string, value: Members): NoticeReading {
  const codes = errorCodes(value);
  return { field, event: eventOf(value), codes, level: levelOf(codes, OPERATOR_FIELDS[field] ?? "info") };
}

/** Reads one element of `errors[]` that stands beside or instead of messages. */
export function errorReading(element: unknown): NoticeReading {
  const codes = errorCodes({ errors: [element] });
  return { field: "errors", event: codes[0] ?? "untold", codes, level: levelOf(codes, "warn") };
}

/** Reads one element of `statuses[]`; statuses of calls say so in their event, "call:ringing". */
export function statusReading(report: Members): NoticeReading {
  const status = word(report["status"])?.toLowerCase() ?? "untold";
  const event = tame(report["type"] === "call" ? `call:${status}` : status);
  const codes = errorCodes(report);
  return { field: "statuses", event, codes, level: levelOf(codes, "info") };
}

/** Where Meta writes what happened, in the order of how much it says; lists of one kind of thing say it inside. */
function eventOf(value: Members): string {
  const inner = ["user_preferences", "user_actions", "state_sync"].flatMap((name): Members[] => {
    const first = members(list(value[name])?.[0]);
    return first ? [first] : [];
  });
  const [event] = [value, ...inner].flatMap((one) =>
    [
      "event",
      "action_type",
      "decision",
      "alert_type",
      "new_quality_score",
      "new_category",
      "status",
      "value",
      "action",
      "type",
    ].flatMap((name) => word(one[name]) ?? []),
  );
  return tame(event ?? "untold");
}

function levelOf(codes: readonly string[], least: NoticeLevel): NoticeLevel {
  if (codes.some((code) => MESSAGE_LOSS.has(code))) return "error";
  return least === "info" && codes.some((code) => STOPPED.has(code)) ? "warn" : least;
}

/** Written to logs and metrics: at most 64 harmless characters, and no number long enough to be a phone's. */
function tame(event: string): string {
  return event
    .slice(0, 64)
    .replaceAll(/[^A-Za-z0-9_:.-]/g, "_")
    .replaceAll(/\d{7,}/g, "#");
}
