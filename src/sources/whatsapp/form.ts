import type { AttachmentReference } from "#src/message/attachment.ts";
import { nestsTooDeep, parseJson } from "./body.ts";
import { list, members, word } from "./member.ts";
import type { Members } from "./member.ts";
import { reference } from "./reference.ts";
import { unknown } from "./unknown.ts";
import type { Reading } from "./unknown.ts";

/**
 * A filled form (Flow): `{"response_json":"{\"field\":\"answer\"}","body":"Sent","name":"flow"}`. `response_json` is JSON
 * in a string, written by the sender's phone; one that is no object, or nests too deep, is carried as the one answer it is.
 */
export function form(reply: Members | undefined): Reading {
  const json = reply?.["response_json"];
  if (!reply || typeof json !== "string") return unknown("interactive:nfm_reply", "malformed");
  const text = word(reply["body"]) ?? word(reply["name"]) ?? "";
  const fields = Object.entries(parsed(json));
  const uploads = fields.flatMap(([, value]) => uploadsIn(value) ?? []);
  // The token only ties the form to its session; it says nothing of the patient, and stays in `raw`.
  const answers = fields.filter(([name]) => name !== "flow_token").flatMap(([name, value]) => answersIn(name, value));
  // What looks like an upload and is in no form anybody documents must not be filed as if it were an answer.
  const missed = fields.some(([, value]) => !uploadsIn(value) && holdsUpload(value));
  return {
    content: { kind: "choice", via: "form", text, answers: Object.fromEntries(answers) },
    ...(uploads.length > 0 && { attachments: uploads }),
    ...(missed && { hold: "unsupported" as const }),
  };
}

function parsed(json: string): Members {
  if (nestsTooDeep(json)) return { response: json };
  try {
    const value = parseJson(json);
    return members(value) ?? { response: value };
  } catch {
    return { response: json };
  }
}

/** What was uploaded in a field: a list of `{"id","mime_type","sha256","file_name"}`; undefined for other answers. */
function uploadsIn(value: unknown): AttachmentReference[] | undefined {
  const items = list(value)?.map(members);
  if (!items || items.length === 0) return undefined;
  const uploads = items.map((item) => (word(item?.["mime_type"]) === undefined ? undefined : reference(item)));
  return uploads.every((upload) => upload !== undefined) ? uploads : undefined;
}

/** The answers of one field: what is nested stands under all the names it is in, `adresse / ort`. */
function answersIn(name: string, value: unknown): (readonly [string, string])[] {
  const inner = uploadsIn(value) ? undefined : (members(value) ?? numbered(value));
  const entries = Object.entries(inner ?? {});
  if (entries.length === 0) return [[name, inner ? "" : answer(value)]];
  return entries.flatMap(([key, one]) => answersIn(`${name} / ${key}`, one));
}

/** A list that holds more than words, by its places from 1. */
function numbered(value: unknown): Members | undefined {
  const items = list(value);
  const nested = items?.some((item) => typeof item === "object" && item !== null);
  return items && nested ? Object.fromEntries(items.map((item, index) => [String(index + 1), item])) : undefined;
}

const OF_UPLOADS = ["mime_type", "cdn_url", "encryption_metadata", "media_id"];

/** Whether anything in a value, however deep, looks like a file that was sent along. Nesting is bounded. */
function holdsUpload(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (!Array.isArray(value) && OF_UPLOADS.some((name) => name in value)) return true;
  return Object.values(value).some(holdsUpload);
}

/** An answer as a person reads it: several choices in one line, names of what was uploaded. */
function answer(value: unknown): string {
  if (typeof value === "string") return value;
  const uploads = uploadsIn(value);
  if (uploads) return uploads.map(({ fileName, mediaId }) => fileName ?? mediaId).join(", ");
  const choices = list(value);
  if (choices)
    return choices.map((choice) => (typeof choice === "string" ? choice : JSON.stringify(choice))).join(", ");
  return value === null ? "" : JSON.stringify(value);
}
