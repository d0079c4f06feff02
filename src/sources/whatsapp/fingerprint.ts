import { createHash } from "node:crypto";

/** SHA-256 in lower-case hex of a JSON value, independent of the order of its members. Nesting must be bounded. */
export function fingerprint(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex");
}

/** `{"b":1,"a":[2]}` → `{"a":[2],"b":1}`. Written as text, so a member called `__proto__` is a member like any other. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const pairs = Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`);
    return `{${pairs.join(",")}}`;
  }
  // `undefined` cannot come out of JSON.parse, but callers put absent context in.
  return value === undefined ? "null" : JSON.stringify(value);
}
