import type { Request } from "express";
import { z } from "zod";
import { plainMessage } from "#src/channel/zod-issues.ts";
import { Problem } from "./problem.ts";

/**
 * Reads the query string against a schema. An empty parameter counts as absent, an unknown one is refused: a misspelt
 * filter must not answer with everything.
 * @throws Problem 400
 */
export function readQuery<T>(schema: z.ZodType<T>, request: Request): T {
  const names = Object.keys(request.query);
  const given = Object.fromEntries(Object.entries(request.query).filter(([, value]) => value !== ""));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({
          parameter: `no. ${names.indexOf(key) + 1} of ${names.length}`,
          reason: `A parameter this address does not know; it knows ${namesOf(schema)}`,
        }))
      : [{ parameter: String(issue.path[0]), reason: plainMessage(issue) }],
  );
  throw new Problem(400, "problem:invalid-query", "Invalid query", "Correct the parameters named in errors.", {
    errors,
  });
}

/** What may be given; what was given is not repeated, for it may be personal. */
function namesOf(schema: z.ZodType): string {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape).join(", ") || "none" : "others";
}

/** How many items a page has. */
export const pageLimit = z.coerce.number().int().min(1).max(500).default(50).describe("Items per page.");
