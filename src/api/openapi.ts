import { z } from "zod";
import { problemSchema } from "./problem.ts";
import { isGrave, TAGS, type Answer, type RouteDescription } from "./route.ts";

type Json = Readonly<Record<string, unknown>>;

const PROBLEM = { name: "Problem", type: "application/problem+json" };

/** The OpenAPI 3.1 description, made from the very declarations that are served. */
export function openApiDocument(routes: readonly RouteDescription[]) {
  return {
    openapi: "3.1.0",
    info: {
      title: "Botenstoff",
      version: "1",
      description: "Times are ISO 8601 in UTC. Errors are RFC 9457 problem details.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/", description: "The engine that serves this description." }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths: Object.fromEntries(
      [...Map.groupBy(routes, ({ path }) => path)].map(([path, declared]) => [
        path.replaceAll(/:(\w+)/g, "{$1}"),
        Object.fromEntries(declared.map((one) => [one.method, operation(one)])),
      ]),
    ),
    security: [{ token: [] }, { session: [] }],
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "A machine's token." },
        session: {
          type: "apiKey",
          in: "cookie",
          name: "__Host-botenstoff",
          description: "A person's session; writing requests carry X-CSRF-Token as well (GET /api/v1/me).",
        },
      },
      schemas: Object.fromEntries([
        ...routes.flatMap(({ answer: { name, schema } }) =>
          name !== undefined && schema ? [[name, jsonSchema(schema)] as const] : [],
        ),
        [PROBLEM.name, jsonSchema(problemSchema)],
      ]),
    },
  };
}

/** Statuses other than the wanted one: what the declaration names, and what follows from it. */
export function problemsOf(route: RouteDescription): Readonly<Record<number, string>> {
  const { right, params, names = "address", query, body, problems } = route;
  const invalid = [query && "query", body && "body"].filter((part) => part !== undefined);
  return {
    ...(invalid.length > 0 && { 400: `Invalid ${invalid.join(" or ")}.` }),
    ...(right !== "anyone" && {
      401: "No or a wrong credential.",
      403: right === "somebody" ? "The API is closed." : `Without the right \`${right}\`, or the API is closed.`,
      429: "Too many wrong credentials.",
    }),
    ...(params && { 404: `No such ${names}.` }),
    ...(body && { 413: "Larger than 8 KB.", 415: "Compressed." }),
    ...problems,
  };
}

/** Who may, in words. */
export function rightText(route: RouteDescription): string {
  const { right } = route;
  if (right === "anyone") return "Open.";
  const asks = right === "somebody" ? "Any credential." : `Right: \`${right}\`.`;
  return isGrave(route) ? `${asks} Asks a person for a fresh proof of identity.` : asks;
}

function operation(route: RouteDescription): Json {
  const { operationId, tag, summary, details, right, params, query, body, form, answer, alternatives = {} } = route;
  const parameters = [...(params ? inPath(params) : []), ...(query ? inQuery(query) : [])];
  return {
    operationId,
    tags: [tag],
    summary,
    description: `${details === undefined ? "" : `${details} `}${rightText(route)}`,
    ...(right === "anyone" && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: {
        required: true,
        content: {
          [form === true ? "application/x-www-form-urlencoded" : "application/json"]: {
            schema: jsonSchema(body, "input"),
          },
        },
      },
    }),
    responses: {
      [answer.status]: response(answer.description, answer),
      ...Object.fromEntries(Object.entries(alternatives).map(([status, text]) => [status, response(text, answer)])),
      ...Object.fromEntries(
        Object.entries(problemsOf(route)).map(([status, text]) => [status, response(text, PROBLEM)]),
      ),
    },
  };
}

function response(description: string, { type, name, empty }: Partial<Answer<unknown>>): Json {
  if (empty === true || type === undefined) return { description };
  const schema = name === undefined ? { type: "string" } : { $ref: `#/components/schemas/${name}` };
  return { description, content: { [type]: { schema } } };
}

function inPath(schema: z.ZodType): Json[] {
  return parameters(schema, (name, rest) => ({ name, in: "path", required: true, ...rest }));
}

function inQuery(schema: z.ZodType): Json[] {
  const required = new Set((jsonSchema(schema, "input")["required"] ?? []) as string[]);
  return parameters(schema, (name, rest) => ({ name, in: "query", required: required.has(name), ...rest }));
}

function parameters(schema: z.ZodType, declare: (name: string, rest: Json) => Json): Json[] {
  const { properties } = jsonSchema(schema, "input");
  return Object.entries(properties as Record<string, Json>).map(([name, { description, ...rest }]) =>
    declare(name, { ...(description !== undefined && { description }), schema: rest }),
  );
}

/** OpenAPI 3.1 speaks JSON Schema 2020-12, which is what zod writes. */
function jsonSchema(schema: z.ZodType, io: "input" | "output" = "output"): Json {
  const members = Object.entries(z.toJSONSchema(schema, { io }));
  return Object.fromEntries(members.filter(([name]) => name !== "$schema"));
}
