import { form } from "./form.ts";
import { members, word } from "./member.ts";
import type { Members } from "./member.ts";
import { unknown } from "./unknown.ts";
import type { Reading } from "./unknown.ts";

/** `{"type":"interactive","interactive":{"type":"list_reply","list_reply":{…}}}`: one member named as the type. */
export function interactive(element: Members): Reading {
  const reply = members(element["interactive"]);
  const type = word(reply?.["type"]);
  // A body without its reply exists: Meta then says why in `errors`.
  if (!reply || type === undefined) return unknown("interactive", "malformed");
  const said = members(reply[type]);
  switch (type) {
    case "button_reply":
      return chosen("button", said);
    case "list_reply":
      return chosen("list", said);
    case "nfm_reply":
      return form(said);
    case "call_permission_reply":
      return callPermission(said);
    default:
      return unknown(`interactive:${type}`);
  }
}

/** `{"id","title","description"?}`. */
function chosen(via: "button" | "list", reply: Members | undefined): Reading {
  const payload = word(reply?.["id"]);
  const text = word(reply?.["title"]) ?? payload;
  const description = word(reply?.["description"]);
  if (text === undefined) return unknown(`interactive:${via}_reply`, "malformed");
  return {
    content: {
      kind: "choice",
      via,
      text,
      ...(description !== undefined && { description }),
      ...(payload !== undefined && { payload }),
    },
  };
}

/** `{"response":"accept","expiration_timestamp"?,"is_permanent"?,"response_source"}`: whether the hospital may call. */
function callPermission(reply: Members | undefined): Reading {
  const response = word(reply?.["response"]);
  if (response === undefined) return unknown("interactive:call_permission_reply", "malformed");
  const until = expiryOf(reply?.["expiration_timestamp"]);
  const permanent = reply?.["is_permanent"] === true || reply?.["is_permanent"] === "true";
  const callPermission = {
    response,
    ...(permanent ? { permanent } : until !== undefined && { until }),
  };
  return { content: { kind: "choice", via: "call_permission", text: response, payload: response, callPermission } };
}

/** Unix seconds, as a number or in quotes. */
function expiryOf(timestamp: unknown): string | undefined {
  const seconds = word(timestamp);
  return seconds !== undefined && /^\d{9,11}$/.test(seconds)
    ? new Date(Number(seconds) * 1_000).toISOString()
    : undefined;
}
