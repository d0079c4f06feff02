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
    return nestsTooDeep(text) ? undefined : members(JSON.parse(text));
  } catch {
    return undefined;
  }
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
