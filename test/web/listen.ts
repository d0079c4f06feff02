import type { Page } from "playwright-core";

/** Everything a browser complains of or asks somebody else for, and every byte it was sent. */
export function listen(page: Page, url: string) {
  const faults: string[] = [];
  const bodies: Promise<string>[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`page error: ${error.message}`));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== url) faults.push(`foreign request: ${request.url()}`);
  });
  page.on("response", (response) => {
    if (!response.url().endsWith("/live")) bodies.push(response.text().catch(() => ""));
  });
  return { faults, received: async () => (await Promise.all(bodies)).join("\n") };
}
