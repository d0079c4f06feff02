import { members } from "./member.ts";
import type { Members } from "./member.ts";

/** Deeper than any webhook of Meta's (about 12 levels), shallow enough that JSON.stringify can never exhaust the stack. */
const MAX_DEPTH = 64;

/**
 * Parses the bytes of a webhook: UTF-8 (Meta escapes to ASCII, RFC 8259 §8.1 asks for UTF-8), one JSON object, bounded
 * nesting. Undefined when they are anything else; never throws.
 */
export function parseBody(raw: Buffer): Members | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(raw);
    return nestsTooDeep(text) ? undefined : members(parseJson(text));
  } catch {
    return undefined;
  }
}

/** A number of sixteen digits and more, outside of what is obviously a text. */
const LONG_NUMBER = /[:,[]\s*-?\d{16}/;

/**
 * Parses JSON in which an integer may be an id beyond what a number holds exactly: it becomes the text of its digits.
 * @throws SyntaxError
 */
export function parseJson(json: string): unknown {
  if (!LONG_NUMBER.test(json)) return JSON.parse(json);
  return JSON.parse(json, (_name, value: unknown, context?: { source?: string }) => {
    const source = context?.source;
    const lossy = typeof value === "number" && !Number.isSafeInteger(value) && source !== undefined;
    return lossy && /^-?\d+$/.test(source) ? source : value;
  });
}

/** Whether writing what the JSON says could exhaust the stack; reading it never does. */
export function nestsTooDeep(json: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < json.length; at++) {
    const char = json[at];
    if (char === '"') quoted = !quoted;
    else if (quoted) {
      if (char === "\\") at++;
    } else if (char === "{" || char === "[") {
      if (++depth > MAX_DEPTH) return true;
    } else if (char === "}" || char === "]") depth--;
  }
  return false;
}
