/**
 * A document as it will lie on paper: everything a drawing needs, so that equal sheets over equal bytes give equal
 * files. Plain text; no layout.
 */
export interface Sheet {
  /** BCP 47. */
  readonly language: string;
  /** "Seite {page} von {pages}". */
  readonly pageOfPages: string;
  readonly title: string;
  /** The filing system, shown as the document's author. */
  readonly author: string;
  /** The document's own number, on every page. */
  readonly number: string;
  /** ISO 8601 in UTC: the file's creation date. */
  readonly createdAt: string;
  /** Who and when, above the line: label and value. */
  readonly facts: readonly (readonly [label: string, value: string])[];
  readonly blocks: readonly Block[];
}

/** Paragraphs, or an attached picture, made smaller first until it has at most `maxBytes`. */
export type Block = { readonly lines: readonly string[] } | { readonly picture: string; readonly maxBytes?: number };
