import type { Request, Response } from "express";
import type { z } from "zod";
import type { Principal } from "#src/audit/principal.ts";
import { GRAVE, type Right } from "#src/audit/rights.ts";
import type { Transaction } from "#src/store/queryable.ts";
import type { OpenSession } from "./access-port.ts";
import type { ApiDeps, ApiJournalEntry } from "./deps.ts";
import type { Part } from "./part.ts";

/** Tags of the description, and what they gather. */
export const TAGS = {
  access: "Signing in and out, sessions and tokens.",
  messages: "Messages and what people decide about them.",
  clearing: "Who wrote what is held: tasks, two identifiers, two persons.",
  lanes: "Lanes: what waits, why, and what a person can do about it.",
  provider: "What providers tell operators, and how far sent messages have come.",
  operation: "Channels, health and metrics.",
  retention: "Purges, their certificates, and what has to be checked in the KIS.",
  webhooks: "Where providers call in.",
} as const;

/** The wanted answer. One without a schema is written by the handler itself. */
export interface Answer<Out> {
  readonly status: 200 | 201 | 202 | 204 | 303;
  readonly description: string;
  readonly type: string;
  /** The schema's name in the description. */
  readonly name?: string;
  readonly schema?: z.ZodType<Out>;
  /** There is no body. */
  readonly empty?: true;
}

/** What a route says of itself: everything but what it does. */
export interface RouteDescription<
  Id extends string = string,
  Params = unknown,
  Query = unknown,
  Body = unknown,
  Out = unknown,
> {
  readonly operationId: Id;
  readonly tag: keyof typeof TAGS;
  readonly method: "get" | "post" | "put" | "delete";
  /** As Express writes it: `/api/v1/messages/:id`. */
  readonly path: string;
  /** The right it takes; `somebody` asks for any credential, `anyone` for none. */
  readonly right: Right | "somebody" | "anyone";
  /** Which listeners serve it; absent: the API's. */
  readonly parts?: readonly Part[];
  /** One line: what it does. */
  readonly summary: string;
  /** What else a caller has to know. */
  readonly details?: string;
  readonly params?: z.ZodType<Params>;
  /** What the parameters of the path name, for the 404: "message". */
  readonly names?: string;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  /** The body is a form, not JSON. */
  readonly form?: true;
  readonly answer: Answer<Out>;
  /** Other statuses, each with its meaning; what follows from the declaration itself is added. */
  readonly problems?: Readonly<Record<number, string>>;
  /** Other statuses that carry the same shape as the wanted answer. */
  readonly alternatives?: Readonly<Record<number, string>>;
}

/** What a handler is given beside its input. */
export interface RouteContext {
  readonly deps: ApiDeps;
  readonly principal: Principal;
  /** The person's session. */
  readonly session: OpenSession | undefined;
  /** The channels on which the principal has the route's right; undefined: all of them. */
  readonly channels: readonly string[] | undefined;
  readonly request: Request;
  readonly response: Response;
  /** Writes a line of the journal in the principal's name, in the transaction of what it tells of. */
  journal(entry: Omit<ApiJournalEntry, "actor" | "who">, db: Transaction): Promise<void>;
}

export interface RouteInput<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
}

/** Whether it is one of the gravest actions: a person must have proven lately who he is. */
export function isGrave({ right, method }: Pick<RouteDescription, "right" | "method">): boolean {
  return method !== "get" && GRAVE.some((grave) => grave === right);
}

/** An HTTP route, declared once: router, OpenAPI description, docs/api.md, role matrix and web client are made from it. */
export interface Route<
  Id extends string = string,
  Params = unknown,
  Query = unknown,
  Body = unknown,
  Out = unknown,
> extends RouteDescription<Id, Params, Query, Body, Out> {
  handle(input: RouteInput<Params, Query, Body>, context: RouteContext): NoInfer<Out> | Promise<NoInfer<Out>>;
}

/** Declares a route; infers what its handler is given from the schemas. */
export function route<const Id extends string, Params, Query, Body, Out>(
  declaration: Route<Id, Params, Query, Body, Out>,
): Route<Id, Params, Query, Body, Out> {
  return declaration;
}

/** An answer in JSON. @param name the schema's name in the description */
export function json<Out>(
  name: string,
  schema: z.ZodType<Out>,
  description: string,
  status: 200 | 201 | 202 = 200,
): Answer<Out> {
  return { status, description, type: "application/json", name, schema };
}

/** An answer the handler writes by itself: text, bytes, a stream, a redirect. */
export function own(type: string, description: string, status: 200 | 204 | 303 = 200): Answer<void> {
  return { status, description, type };
}
