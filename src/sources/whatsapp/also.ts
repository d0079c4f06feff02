import { members } from "./member.ts";
import type { Members } from "./member.ts";

/** What may surround any kind of element. */
const AROUND = new Set([
  ...["id", "type", "timestamp", "context", "errors", "referral", "identity", "group_id", "history_context"],
  ...["from", "from_user_id", "from_parent_user_id", "to", "to_user_id", "to_parent_user_id", "username"],
]);
const MEDIA = ["id", "mime_type", "sha256", "url", "link", "file", "caption", "filename", "voice", "animated"];
/** The members of the kinds whose every documented member is read; others' are shown or held by their own file. */
const KNOWN: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    text: ["body"],
    image: MEDIA,
    audio: MEDIA,
    voice: MEDIA,
    video: MEDIA,
    document: MEDIA,
    sticker: MEDIA,
    location: ["latitude", "longitude", "name", "address", "url"],
    reaction: ["message_id", "emoji"],
    button: ["payload", "text"],
  }),
);
/** Named, but not shown: what opens something has no place in a chart. */
const SECRET = /key|token|encryption/i;
const MOST = 20;
const LONGEST = 1_000;
const DEEPEST = 5;

/**
 * What an element of a known kind says beside what is documented, a line for each value: `audio.transcription.text: …`. It
 * is shown, so that nothing is filed as if it were complete; the first 20 values, 1,000 characters of each.
 */
export function alsoSaid(element: Members): string[] {
  const type = String(element["type"]);
  const known = KNOWN.get(type);
  if (!known) return [];
  const part = members(element[type]) ?? {};
  const unread: [string, unknown][] = [
    ...Object.entries(part)
      .filter(([name]) => !known.includes(name))
      .map(([name, value]): [string, unknown] => [`${type}.${name}`, value]),
    ...Object.entries(element).filter(([name]) => name !== type && !AROUND.has(name)),
  ];
  const lines: string[] = [];
  for (const [name, value] of unread) collect(lines, name, value, DEEPEST);
  return lines;
}

function collect(lines: string[], name: string, value: unknown, depth: number): void {
  if (lines.length >= MOST || value === null || value === "") return;
  if (SECRET.test(name)) {
    lines.push(`${name}: …`);
    return;
  }
  if (typeof value === "object" && depth > 0) {
    for (const [key, inner] of Object.entries(value)) collect(lines, `${name}.${key}`, inner, depth - 1);
    return;
  }
  const text = typeof value === "string" ? value : JSON.stringify(value);
  lines.push(`${name}: ${text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}`);
}
