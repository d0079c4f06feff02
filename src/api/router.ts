import express, { Router, type Request, type RequestHandler, type Response } from "express";
import { channelsOf, may, type Principal } from "#src/audit/principal.ts";
import { getMessage } from "#src/store/sql/messages.ts";
import { getNotice } from "#src/store/sql/notices.ts";
import { authenticate, principalOf, sessionOf } from "./auth.ts";
import type { ApiDeps } from "./deps.ts";
import { whoOf } from "./journal-entry.ts";
import { forbidden, invalidBody, methodNotAllowed, notFound, stepUp } from "./problem.ts";
import { readQuery } from "./query.ts";
import { isGrave, type Route, type RouteContext } from "./route.ts";

/** A decision is a name and a sentence. */
const MAX_BODY = "8kb";

/** What asks for a credential, served or not: a stranger learns nothing of what there is. */
const GUARDED = "/api/v1";

/** Serves the routes as they are declared. */
export function createRouter(routes: readonly Route[], deps: ApiDeps): Router {
  const router = Router();
  router.use(["/api/v1", "/auth"], noStore);
  if (routes.some(({ path }) => path.startsWith(GUARDED))) router.use(GUARDED, authenticate(deps));
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
    admit(route, deps, principalOf(request));
    next();
  };
  const form = route.form === true ? express.urlencoded({ limit: MAX_BODY, extended: false }) : undefined;
  const body = route.body ? [form ?? express.json({ limit: MAX_BODY, inflate: false })] : [];
  return [guard, ...body, (request, response) => answer(route, deps, request, response)];
}

/** @throws Problem 401, 403 */
function admit(route: Route, deps: ApiDeps, principal: Principal): void {
  const { right } = route;
  if (right === "anyone") return;
  if (right !== "somebody" && !may(principal, right)) throw forbidden;
  const { person } = principal;
  if (isGrave(route) && person && deps.now() - person.provenAt > deps.access.stepUpMs)
    throw stepUp(Math.round(deps.access.stepUpMs / 1_000));
}

async function answer(route: Route, deps: ApiDeps, request: Request, response: Response): Promise<void> {
  const input = {
    query: route.query && readQuery(route.query, request),
    body: readBody(route, request),
    params: readParams(route, request),
  };
  const context = contextOf(route, deps, request, response);
  await reach(route, context, input.params);
  response.status(route.answer.status);
  const out = await route.handle(input, context);
  if (route.answer.schema) response.json(out);
  else if (route.answer.empty === true) response.end();
}

function contextOf({ right }: Route, deps: ApiDeps, request: Request, response: Response): RouteContext {
  const principal = principalOf(request);
  return {
    deps,
    principal,
    session: sessionOf(request),
    channels: right === "anyone" || right === "somebody" ? undefined : channelsOf(principal, right),
    request,
    response,
    journal: (entry, db) =>
      deps.journal({ ...entry, actor: principal.actor, who: whoOf(principal, request.ip ?? null) }, db),
  };
}

/** Which channel the named thing belongs to. */
const CHANNEL_OF: Readonly<Record<string, (deps: ApiDeps, id: string) => Promise<{ channel: string } | undefined>>> = {
  message: (deps, id) => getMessage(deps.store, id),
  notice: (deps, id) => getNotice(deps.store, id),
  task: (deps, id) => deps.clearing.find(id),
};

/** What lies on a channel of which the caller has not the right is not there for him. @throws Problem 404 */
async function reach({ names = "" }: Route, { deps, channels }: RouteContext, params: unknown): Promise<void> {
  const find = CHANNEL_OF[names];
  if (!channels || !find) return;
  const found = await find(deps, (params as { id: string }).id);
  if (!found || !channels.includes(found.channel)) throw notFound(names);
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

/** Message ids, content and names must not stay in a cache. */
const noStore: RequestHandler = (_request, response, next) => {
  response.set("Cache-Control", "no-store");
  next();
};
