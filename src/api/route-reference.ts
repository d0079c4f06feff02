import { z } from "zod";
import { problemsOf, rightText } from "./openapi.ts";
import { TAGS, type RouteDescription } from "./route.ts";

const BEGIN = "<!-- routes: written by `botenstoff generate` -->";
const END = "<!-- end of routes -->";

/** What every route that asks for a credential may answer is said once. */
const EVERYWHERE = [401, 403, 429];

/** A page with the list of routes between its two marks written anew. */
export function withRoutes(page: string, routes: readonly RouteDescription[]): string {
  const [before, rest = ""] = page.split(BEGIN);
  const [, after = ""] = rest.split(END);
  const list = Object.keys(TAGS).flatMap((tag) => {
    const own = routes.filter((route) => route.tag === tag);
    return own.length === 0 ? [] : [`## ${tag[0]?.toUpperCase()}${tag.slice(1)}`, ...own.map(describe)];
  });
  return `${before}${BEGIN}\n\n${list.join("\n\n")}\n\n${END}${after}`;
}

function describe(route: RouteDescription): string {
  const { method, path, summary, details, right, query, body, answer, alternatives = {} } = route;
  const others = Object.entries({ ...alternatives, ...problemsOf(route) }).filter(
    ([status]) => right === "anyone" || !EVERYWHERE.includes(Number(status)),
  );
  return [
    `### \`${method.toUpperCase()} ${path}\``,
    `${summary}.${details === undefined ? "" : ` ${details}`} ${rightText(route)}`,
    [
      ...(query ? [`- query: ${membersOf(query)}`] : []),
      ...(body ? [`- body: ${membersOf(body)}`] : []),
      `- ${answer.status}: ${answer.description}`,
      ...others.map(([status, text]) => `- ${status}: ${text}`),
    ].join("\n"),
  ].join("\n\n");
}

function membersOf(schema: z.ZodType): string {
  const { properties, required = [] } = z.toJSONSchema(schema, { io: "input" });
  if (!properties) return "see the description";
  return Object.keys(properties)
    .map((name) => `\`${name}\`${required.includes(name) ? "" : "?"}`)
    .join(", ");
}
