import type { RequestListener } from "node:http";
import express from "express";
import helmet from "helmet";
import type { ApiDeps } from "./deps.ts";
import { openApiDocument } from "./openapi.ts";
import { PARTS, type Part } from "./part.ts";
import { notFound, problemHandler } from "./problem.ts";
import type { Route } from "./route.ts";
import { createRouter } from "./router.ts";
import { DESCRIBED, ROUTES } from "./routes/index.ts";
import { createWebhooks } from "./webhooks/webhooks.ts";

/**
 * The engine's HTTP side; listens nowhere. Slow senders are cut off by the server's time-outs, not here.
 * @param parts what is there for whoever asks here; an address of any other part is 404
 */
export function createApp(deps: ApiDeps, parts: readonly Part[] = PARTS): RequestListener {
  const webhooks = createWebhooks(deps);
  const app = express();
  app.disable("x-powered-by").disable("etag");
  // Whose X-Forwarded-For tells the client's address.
  app.set("trust proxy", (address: string) => deps.clients.trusts(address));
  // What a browser is told to do with pages means nothing to a provider, and costs as much as the rest of the answer.
  const takes = parts.includes("webhooks");
  if (takes) app.use("/webhooks", helmet.noSniff(), webhooks.routes);
  const api = parts.includes("api");
  const document = api ? openApiDocument(DESCRIBED) : {};
  // Pages say themselves what a browser may do with them.
  if (api && deps.pages) app.use(deps.pages);
  app.use(helmet());
  // The description is public documentation and says nothing about this installation.
  if (api) app.get("/api/openapi.json", (_request, response) => void response.json(document));
  const served = ROUTES.filter((route: Route) => (route.parts ?? ["api"]).some((part) => parts.includes(part)));
  app.use(createRouter(served, deps));
  app.use(() => {
    throw notFound("address");
  });
  app.use(problemHandler(deps.log));
  return (request, response) => {
    if (!takes || !webhooks.post(request, response, app as RequestListener)) app(request, response);
  };
}
