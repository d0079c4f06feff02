import type { z } from "zod";
import type { Path } from "./interpolate.ts";

/** Something wrong with a value, at a path of it. */
export interface Issue {
  readonly path: Path;
  readonly message: string;
  /** The member's name is at fault, not its value. */
  readonly atKey?: boolean;
  /** Where in the value it is, in characters from 0. */
  readonly offset?: number;
  /** Values that would be right, where the schema lists them. */
  readonly allowed?: readonly unknown[];
}

/** An issue of a schema as places in the file: a foreign key at its name, a missing member as missing. */
export function toIssues(issue: z.core.$ZodIssue, prefix: Path, root: unknown): Issue[] {
  const path = [...prefix, ...issue.path.map((step) => (typeof step === "symbol" ? String(step) : step))];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: [...path, key], message: "Unrecognized key", atKey: true }));
  }
  const misfit = issue.code === "invalid_type" || issue.code === "invalid_value";
  if (misfit && issue.path.reduce(member, root) === undefined) {
    return [{ path, message: "Missing" }];
  }
  const message = plainMessage(issue);
  const offset = issue.code === "custom" ? member(issue.params, "offset") : undefined;
  if (typeof offset === "number") return [{ path, message, offset }];
  return [{ path, message, ...(issue.code === "invalid_value" && { allowed: issue.values }) }];
}

/** An issue's own text, but for what says nothing to who wrote the file. */
export function plainMessage({ code, message }: z.core.$ZodIssue): string {
  return code === "invalid_type" && message.endsWith("received NaN") ? "Expected a number" : message;
}

export function member(value: unknown, key: PropertyKey): unknown {
  return typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined;
}
