import type { RequestListener } from "node:http";
import express from "express";
import helmet from "helmet";
import type { ApiDeps } from "./deps.ts";
import { openApiDocument } from "./openapi.ts";
import { notFound, problemHandler } from "./problem.ts";
import { createRouter } from "./router.ts";
import { DESCRIBED, ROUTES } from "./routes/index.ts";
import { createWebhooks } from "./webhooks/webhooks.ts";

/** The engine's HTTP side; listens nowhere. Slow senders are cut off by the server's time-outs, not here. */
export function createApp(deps: ApiDeps): RequestListener {
  const document = openApiDocument(DESCRIBED);
  const webhooks = createWebhooks(deps);
  const app = express();
  app.disable("x-powered-by").disable("etag");
  // Whose X-Forwarded-For tells the client's address.
  app.set("trust proxy", (address: string) => deps.clients.trusts(address));
  // What a browser is told to do with pages means nothing to a provider, and costs as much as the rest of the answer.
  app.use("/webhooks", helmet.noSniff(), webhooks.routes);
  // Pages say themselves what a browser may do with them.
  if (deps.pages) app.use(deps.pages);
  app.use(helmet());
  // The description is public documentation and says nothing about this installation.
  app.get("/api/openapi.json", (_request, response) => void response.json(document));
  app.use(createRouter(ROUTES, deps));
  app.use(() => {
    throw notFound("address");
  });
  app.use(problemHandler(deps.log));
  return (request, response) => {
    if (!webhooks.post(request, response, app as RequestListener)) app(request, response);
  };
}
