/** A JSON object whose members are not known yet. */
export type Members = Readonly<Record<string, unknown>>;

/** The value as an object, undefined for anything else (an array included). */
export function members(value: unknown): Members | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : undefined;
}

/** The value as a list, undefined for anything else. */
export function list(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** The elements of a list; something else in its place counts as one element, absence as none. */
export function each(value: unknown): readonly unknown[] {
  return list(value) ?? (value === undefined ? [] : [value]);
}

/**
 * The value as a name, number or id: a non-empty string, or an integer written without quotes, as Meta's own samples do
 * for `timestamp`, `wa_id` and `file_size`. Undefined for anything else.
 */
export function word(value: unknown): string | undefined {
  if (typeof value === "string" && value !== "") return value;
  return typeof value === "number" && Number.isSafeInteger(value) ? String(value) : undefined;
}
