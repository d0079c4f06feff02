import express, { Router, type Request, type RequestHandler, type Response } from "express";
import { actorOf, may, type Principal } from "#src/audit/principal.ts";
import { principalOf, requireToken } from "./auth.ts";
import type { ApiDeps } from "./deps.ts";
import { forbidden, invalidBody, methodNotAllowed, notFound } from "./problem.ts";
import { readQuery } from "./query.ts";
import type { Route, RouteContext } from "./route.ts";

/** A decision is a name and a sentence. */
const MAX_BODY = "8kb";

/** What asks for a credential, served or not: a stranger learns nothing of what there is. */
const GUARDED = "/api/v1";

/** Serves the routes as they are declared. */
export function createRouter(routes: readonly Route[], deps: ApiDeps): Router {
  const router = Router();
  router.use(GUARDED, noStore, requireToken(deps.apiToken));
  const byPath = Map.groupBy(routes, ({ path }) => path);
  for (const [path, declared] of byPath) {
    const place = router.route(path);
    for (const one of declared) place[one.method](...handlersOf(one, deps));
    place.all(methodNotAllowed(...declared.map(({ method }) => method.toUpperCase())));
  }
  return router;
}

function handlersOf(route: Route, deps: ApiDeps): RequestHandler[] {
  const guard: RequestHandler = (request, _response, next) => {
    const { right } = route;
    if (right !== "anyone" && !may(principalOf(request), right)) throw forbidden;
    next();
  };
  const body = route.body ? [express.json({ limit: MAX_BODY, inflate: false })] : [];
  return [guard, ...body, (request, response) => answer(route, deps, request, response)];
}

async function answer(route: Route, deps: ApiDeps, request: Request, response: Response): Promise<void> {
  const input = {
    query: route.query && readQuery(route.query, request),
    body: readBody(route, request),
    params: readParams(route, request),
  };
  response.status(route.answer.status);
  const out = await route.handle(input, contextOf(deps, principalOf(request), request, response));
  if (route.answer.schema) response.json(out);
}

function contextOf(deps: ApiDeps, principal: Principal, request: Request, response: Response): RouteContext {
  const journal: RouteContext["journal"] = (entry, db) => deps.journal({ ...entry, actor: actorOf(principal) }, db);
  return { deps, principal, request, response, journal };
}

function readBody({ body }: Route, request: Request): unknown {
  if (!body) return undefined;
  const read = body.safeParse(request.body);
  if (!read.success) throw invalidBody(read.error);
  return read.data;
}

/** An address that cannot be one names nothing. */
function readParams({ params, names = "address" }: Route, request: Request): unknown {
  if (!params) return undefined;
  const read = params.safeParse(request.params);
  if (!read.success) throw notFound(names);
  return read.data;
}

/** Message ids and content must not stay in a cache. */
const noStore: RequestHandler = (_request, response, next) => {
  response.set("Cache-Control", "no-store");
  next();
};
