import { AndAtom, DotAtom, FunctionAtom, LiteralAtom, OrAtom, SymbolAtom, type Atom, type Token } from "@medplum/core";
import { PathFault, type Parsed } from "./parse.ts";
import { MESSAGE, type Members, type Shape } from "./shape.ts";

/** Functions of an element whose arguments are about that element, and what they leave of it. */
const OF_ELEMENTS: Readonly<Record<string, "same" | "argument" | "value">> = {
  where: "same",
  all: "value",
  exists: "value",
  select: "argument",
  first: "same",
  last: "same",
  single: "same",
  tail: "same",
  skip: "same",
  take: "same",
  distinct: "same",
};
/** Functions whose first argument is a pattern. */
export const PATTERNS: ReadonlySet<string> = new Set(["matches", "matchesFull", "replaceMatches"]);

/** What was found of an expression besides faults. */
interface Seen {
  /** Paths of the message that are named. */
  readonly paths: Set<string>;
  /** What the expression is about. */
  readonly root: Members;
}

/**
 * What parsing does not say: that every path is one of the message's, every pattern is written out, and that no part decides
 * by itself. @returns the members of the message it looks at @throws PathFault
 */
export function checkPaths({ atom, tokens }: Parsed, root: Members = MESSAGE): ReadonlySet<string> {
  const seen: Seen = { paths: new Set(), root };
  walk(atom, { shape: root, path: "" }, seen, tokens);
  refuseConstantParts(atom, tokens);
  return seen.paths;
}

interface At {
  readonly shape: Shape;
  readonly path: string;
}
const VALUE: At = { shape: "value", path: "" };
const ANYTHING: At = { shape: "open", path: "" };

function walk(atom: Atom, at: At, seen: Seen, tokens: readonly Token[]): At {
  if (atom instanceof SymbolAtom) return member(atom.name, at, seen, tokens);
  if (atom instanceof DotAtom) return walk(atom.right, walk(atom.left, at, seen, tokens), seen, tokens);
  if (atom instanceof FunctionAtom) return call(atom, at, seen, tokens);
  for (const part of partsOf(atom)) walk(part, at, seen, tokens);
  return atom instanceof LiteralAtom ? VALUE : ANYTHING;
}

function member(name: string, at: At, seen: Seen, tokens: readonly Token[]): At {
  if (name === "$this") return at;
  if (name.startsWith("%") || name.startsWith("$")) return VALUE;
  const path = at.path === "" ? name : `${at.path}.${name}`;
  seen.paths.add(path);
  if (at.shape === "open") return { shape: "open", path };
  const found = at.shape === "value" ? undefined : at.shape[name];
  if (found !== undefined && Object.hasOwn(at.shape as object, name)) return { shape: found, path };
  const known = at.shape === "value" ? "it has no members" : `expected ${Object.keys(at.shape).join(", ")}`;
  throw new PathFault(`The message has no ${path}; ${known}`, offsetOf(name, tokens));
}

function call({ name, args }: FunctionAtom, at: At, seen: Seen, tokens: readonly Token[]): At {
  if (PATTERNS.has(name) && !(args[0] instanceof LiteralAtom)) {
    throw new PathFault(`The pattern of ${name}() must be written out`, offsetOf(name, tokens));
  }
  const of = OF_ELEMENTS[name];
  // Other arguments are about the element or about the message; which, only running it tells.
  const results = args.map((arg) => walk(arg, of === undefined ? eitherOf(at, seen.root) : at, seen, tokens));
  if (of === "same") return at;
  if (of === "argument") return results[0] ?? ANYTHING;
  return of === "value" ? VALUE : ANYTHING;
}

function eitherOf({ shape, path }: At, root: Members): At {
  return typeof shape === "string" ? { shape: root, path: "" } : { shape: { ...root, ...shape }, path };
}

/** A part of `and` or `or` that looks at nothing decides by itself, or does nothing. */
function refuseConstantParts(atom: Atom, tokens: readonly Token[]): void {
  if (atom instanceof AndAtom || atom instanceof OrAtom) {
    const constant = [atom.left, atom.right].find((part) => !looksAtSomething(part));
    if (constant) {
      const literal = firstLiteral(constant);
      const message = `A part of it is the same for every message: ${String(constant)}`;
      throw new PathFault(message, literal === undefined ? 0 : offsetOf(literal, tokens));
    }
  }
  for (const part of partsOf(atom)) refuseConstantParts(part, tokens);
}

export function looksAtSomething(atom: Atom): boolean {
  if (atom instanceof SymbolAtom) return true;
  if (atom instanceof FunctionAtom && ["now", "today", "timeOfDay"].includes(atom.name)) return true;
  return partsOf(atom).some(looksAtSomething);
}

function firstLiteral(atom: Atom): string | undefined {
  if (atom instanceof LiteralAtom) return String(atom.value.value);
  return partsOf(atom).flatMap((part) => firstLiteral(part) ?? [])[0];
}

/** The atoms an atom is made of, whatever it calls them. */
export function partsOf(atom: Atom): Atom[] {
  return Object.values(atom).flat().filter(isAtom);
}

function isAtom(value: unknown): value is Atom {
  return typeof value === "object" && value !== null && "eval" in value && typeof value.eval === "function";
}

function offsetOf(value: string, tokens: readonly Token[]): number {
  return tokens.find((token) => token.value === value)?.index ?? 0;
}
