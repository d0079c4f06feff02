import type { Document } from "yaml";
import { fillWith } from "./interpolate.ts";
import type { Environment, Unresolved } from "./interpolate.ts";
import type { Issue } from "./zod-issues.ts";

/** Tried in this order until the schema is content: a word, a URL, a number or port, a duration, a truth value, an address. */
const CANDIDATES = [
  "placeholder",
  "https://placeholder.invalid",
  "http://placeholder.invalid",
  "1",
  "P1D",
  "true",
  "127.0.0.1",
];

/**
 * Validates a document some of whose scalars have no value, by giving each one that fits: lint and tests run without
 * secrets, and still find every other mistake. Where nothing fits, the issue stays.
 */
export async function settlePlaceholders<Checked extends { readonly issues: readonly Issue[] }>(
  document: Document,
  unresolved: readonly Unresolved[],
  env: Environment,
  validate: (value: unknown) => Promise<Checked>,
): Promise<Checked> {
  const open = unresolved.map((scalar) => ({ scalar, candidates: [...CANDIDATES] }));
  for (const { scalar, candidates } of open) {
    scalar.node.value = fillWith(scalar.text, env, candidates.shift() ?? "");
  }
  for (;;) {
    const result = await validate(document.toJS());
    let changed = false;
    for (const { scalar, candidates } of open) {
      const issue = result.issues.find((candidate) => samePath(candidate, scalar));
      const next = issue && candidates.shift();
      if (issue && next !== undefined) {
        scalar.node.value = allowedValue(issue) ?? fillWith(scalar.text, env, next);
        changed = true;
      }
    }
    if (!changed) {
      return result;
    }
  }
}

function allowedValue({ allowed }: Issue): string | undefined {
  return allowed?.find((value) => typeof value === "string");
}

function samePath(issue: Issue, scalar: Unresolved): boolean {
  return issue.path.join(".") === scalar.path.join(".");
}
