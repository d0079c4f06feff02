import { Router, type Request, type RequestHandler, type Response } from "express";
import { kindOfError } from "#src/message/error-code.ts";
import type { Log } from "#src/telemetry/log.ts";
import { loadAssets, type Assets, type Served } from "./assets.ts";
import { COMMON_HEADERS } from "./headers.ts";

const A_YEAR_S = 31_536_000;
/** Where the one document is served: the browser's own router takes the rest of the path. */
const PAGES = ["/console", "/console/*path", "/clearing", "/clearing/*path", "/privacy", "/privacy/*path"];
const LANGUAGES = ["de", "en"] as const;

/**
 * The console, the clearing desk and the privacy page. Assets are read or compiled when somebody first asks for a page,
 * so that no webhook waits for them and an engine nobody looks at pays nothing.
 */
export function createPages({ log }: { readonly log: Log }, load: () => Promise<Assets> = loadAssets): Router {
  let loading: Promise<Assets> | undefined;
  const assets = () =>
    (loading ??= load().catch((error: unknown) => {
      loading = undefined;
      log("error", "web.not_loaded", { error: kindOfError(error) });
      throw error;
    }));
  const router = Router();
  router.get("/", headers, (_request, response) => {
    response.redirect(302, "/console");
  });
  router.get("/assets/:name", headers, async (request, response, next) => {
    const asset = (await assets()).get(String(request.params["name"]));
    if (asset) send(request, response, asset);
    else next();
  });
  router.get(PAGES, headers, async (request, response) => {
    response
      .set("Cache-Control", "no-store")
      .type("html")
      .send(documentOf(await assets(), languageOf(request)));
  });
  return router;
}

const headers: RequestHandler = (_request, response, next) => {
  response.set(COMMON_HEADERS);
  next();
};

function send(request: Request, response: Response, { type, bodies }: Served): void {
  const coding = (["br", "gzip"] as const).find((one) => request.acceptsEncodings(one) === one) ?? "identity";
  response.set({
    "Content-Type": type,
    "Cache-Control": `public, max-age=${A_YEAR_S}, immutable`,
    Vary: "Accept-Encoding",
    ...(coding !== "identity" && { "Content-Encoding": coding }),
  });
  response.end(bodies[coding]);
}

/** What the address says, or what the browser prefers. */
function languageOf(request: Request): string {
  const asked = LANGUAGES.find((one) => request.query["lang"] === one);
  return asked ?? (request.acceptsLanguages(...LANGUAGES) || "en");
}

function documentOf({ entries: { script, style, icon } }: Assets, language: string): string {
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Botenstoff</title>
<link rel="icon" type="image/svg+xml" href="/assets/${icon}">
<link rel="stylesheet" href="/assets/${style}">
<script type="module" src="/assets/${script}"></script>
</head>
<body><div id="app"></div><noscript>JavaScript.</noscript></body>
</html>
`;
}
