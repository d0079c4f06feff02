import type { RequestListener } from "node:http";
import express, { Router, type RequestHandler } from "express";
import helmet from "helmet";
import { requireToken } from "./auth.ts";
import { channelRoutes } from "./routes/channels.ts";
import type { ApiDeps } from "./deps.ts";
import { healthRoutes } from "./routes/health.ts";
import { messageRoutes } from "./routes/messages.ts";
import { noticeRoutes } from "./routes/notices.ts";
import { openApiDocument } from "./openapi.ts";
import { notFound, problemHandler } from "./problem.ts";
import { purgeRoutes } from "./routes/purges.ts";
import { releaseRoutes } from "./routes/release.ts";
import { rehomingRoutes } from "./routes/rehomings.ts";
import { createWebhooks } from "./webhooks/webhooks.ts";
import { withdrawRoutes } from "./routes/withdraw.ts";

/** The engine's HTTP side; listens nowhere. Slow senders are cut off by the server's time-outs, not here. */
export function createApp(deps: ApiDeps): RequestListener {
  const webhooks = createWebhooks(deps);
  const app = express();
  app.disable("x-powered-by").disable("etag");
  // Whose X-Forwarded-For tells the client's address.
  app.set("trust proxy", (address: string) => deps.clients.trusts(address));
  // What a browser is told to do with pages means nothing to a provider, and costs as much as the rest of the answer.
  app.use("/webhooks", helmet.noSniff(), webhooks.routes);
  app.use(helmet());
  app.use(healthRoutes(deps));
  app.use("/api", apiRoutes(deps));
  app.use(() => {
    throw notFound("address");
  });
  app.use(problemHandler(deps.log));
  return (request, response) => {
    if (!webhooks.post(request, response, app as RequestListener)) app(request, response);
  };
}

function apiRoutes(deps: ApiDeps): Router {
  const document = openApiDocument();
  const router = Router();
  // The description is public documentation and says nothing about this installation.
  router.get("/openapi.json", (_request, response) => {
    response.json(document);
  });
  router.use(noStore, requireToken(deps.apiToken));
  router.use(
    "/v1",
    messageRoutes(deps),
    releaseRoutes(deps),
    withdrawRoutes(deps),
    noticeRoutes(deps),
    channelRoutes(deps),
    purgeRoutes(deps),
    rehomingRoutes(deps),
  );
  return router;
}

/** Message ids and content must not stay in a cache. */
const noStore: RequestHandler = (_request, response, next) => {
  response.set("Cache-Control", "no-store");
  next();
};
