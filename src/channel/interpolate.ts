import { readFileSync } from "node:fs";
import { isMap, isScalar, isSeq } from "yaml";
import type { Document, Scalar } from "yaml";

export type Path = readonly (string | number)[];
export type Environment = Readonly<Record<string, string | undefined>>;

/** A scalar one of whose names has no value. */
export interface Unresolved {
  readonly path: Path;
  readonly node: Scalar;
  /** The scalar as written. */
  readonly text: string;
  /** What could not be resolved: "KIS_FHIR_URL is not set". */
  readonly reason: string;
}

/** A reference that has a value. */
export interface Filled {
  readonly path: Path;
  /** As written, without its default: "${file:/run/secrets/key}". */
  readonly reference: string;
  readonly value: string;
}

const REFERENCE = /\$\$\{|\$\{([^{}]*)\}?/g;
const FILE = "file:";
const NAME = /^([A-Za-z_][A-Za-z0-9_]*)(?::(.*))?$/s;

/**
 * Fills `${NAME}`, `${NAME:default}` and `${file:/path}` into the scalars of a parsed document, in place; `$${` is a
 * literal `${`. It runs after parsing and on values only, so what a variable holds can never become YAML structure,
 * and a whole-scalar reference stays a string. An empty variable counts as not set. A file loses its trailing newline.
 */
export function interpolate(document: Document, env: Environment): Unresolved[] {
  const unresolved: Unresolved[] = [];
  for (const { path, node, text } of scalars(document.contents, [])) {
    const resolved = fill(text, env);
    if ("reason" in resolved) {
      unresolved.push({ path, node, text, reason: resolved.reason });
    } else {
      node.value = resolved.value;
    }
  }
  return unresolved;
}

/** Every `${…}` of a parsed document that is to be filled, resolvable or not; asked before it is interpolated. */
export function referencesOf(document: Document): { readonly path: Path; readonly reference: string }[] {
  return Array.from(scalars(document.contents, []), ({ path, text }) =>
    [...text.matchAll(REFERENCE)].flatMap(([, reference]) => (reference === undefined ? [] : [{ path, reference }])),
  ).flat();
}

/** The files a parsed document refers to (`${file:/path}`), readable or not; asked before it is interpolated. */
export function filesNamed(document: Document): string[] {
  return referencesOf(document).flatMap(({ reference }) =>
    reference.startsWith(FILE) ? [reference.slice(FILE.length)] : [],
  );
}

/** What a parsed document's references stand for, defaults aside: what no problem may quote. Asked before it is interpolated. */
export function valuesNamed(document: Document, env: Environment): Filled[] {
  return referencesOf(document).flatMap(({ path, reference }) => {
    const [, name] = reference.startsWith(FILE) ? [] : (NAME.exec(reference) ?? []);
    const isDefault = name !== undefined && (env[name] ?? "") === "";
    const resolved = isDefault ? undefined : resolve(reference, env);
    return resolved && "value" in resolved
      ? [{ path, reference: `\${${name ?? reference}}`, value: resolved.value }]
      : [];
  });
}

/** The text with every reference that cannot be resolved replaced by `placeholder`. */
export function fillWith(text: string, env: Environment, placeholder: string): string {
  return text.replace(REFERENCE, (whole, reference: string | undefined) => {
    const resolved = whole === "$${" ? { value: "${" } : resolve(reference ?? "", env);
    return "value" in resolved ? resolved.value : placeholder;
  });
}

function* scalars(node: unknown, path: Path): Generator<{ path: Path; node: Scalar; text: string }> {
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      yield* scalars(value, [...path, isScalar(key) ? String(key.value) : String(key)]);
    }
  } else if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) {
      yield* scalars(item, [...path, index]);
    }
  } else if (isScalar(node) && typeof node.value === "string" && node.value.includes("${")) {
    yield { path, node, text: node.value };
  }
}

function fill(text: string, env: Environment): { value: string } | { reason: string } {
  let reason: string | undefined;
  const value = text.replace(REFERENCE, (whole, reference: string | undefined) => {
    if (whole === "$${") {
      return "${";
    }
    const resolved = whole.endsWith("}") ? resolve(reference ?? "", env) : { reason: `"${whole}" is not closed` };
    if ("reason" in resolved) {
      reason ??= resolved.reason;
      return "";
    }
    return resolved.value;
  });
  return reason === undefined ? { value } : { reason };
}

function resolve(reference: string, env: Environment): { value: string } | { reason: string } {
  if (reference.startsWith(FILE)) {
    return readSecret(reference.slice(FILE.length));
  }
  const [, name, fallback] = NAME.exec(reference) ?? [];
  if (name === undefined) {
    return { reason: `"\${${reference}}" is neither \${NAME}, \${NAME:default} nor \${file:/path}` };
  }
  const value = env[name];
  if (value !== undefined && value !== "") {
    return { value };
  }
  return fallback === undefined ? { reason: `${name} is not set` } : { value: fallback };
}

function readSecret(path: string): { value: string } | { reason: string } {
  try {
    return { value: readFileSync(path, "utf8").replace(/\r?\n$/, "") };
  } catch (error) {
    const code = Error.isError(error) && "code" in error ? String(error.code) : "unreadable";
    return { reason: `${path} cannot be read (${code})` };
  }
}
