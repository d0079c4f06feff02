import type { z } from "zod";
import type { Routes } from "#src/api/routes/index.ts";

/** The operations of the API, inferred from the very declarations it is served by. */
export type Operation = keyof Routes;

export type Answer<Id extends Operation> = Awaited<ReturnType<Routes[Id]["handle"]>>;

type Query<Id extends Operation> = Routes[Id] extends { readonly query?: infer Schema }
  ? Exclude<Schema, undefined> extends z.ZodType<unknown, infer In>
    ? In
    : never
  : never;

/** The address of an operation. */
export interface Address<Id extends Operation> {
  readonly operation: Id;
  readonly href: string;
}

/** @param path after `/api/v1`; a parameter of the query that is absent or empty is left out */
export function at<Id extends Operation>(
  operation: Id,
  path: string,
  query: Partial<Record<keyof Query<Id> & string, string | number | undefined>> = {},
): Address<Id> {
  const given = Object.entries<string | number | undefined>(query).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[name, String(value)]],
  );
  const text = new URLSearchParams(given).toString();
  return { operation, href: text === "" ? `/api/v1${path}` : `/api/v1${path}?${text}` };
}
