import { readFile, writeFile } from "node:fs/promises";
import { accessFile } from "#src/access/settings.ts";
import { openApiDocument } from "#src/api/openapi.ts";
import { withRoutes } from "#src/api/route-reference.ts";
import { withMatrix } from "#src/audit/matrix.ts";
import { DESCRIBED } from "#src/api/routes/index.ts";
import { renderChannelSchema, renderSchema } from "#src/channel/json-schema.ts";
import { renderErrorReference } from "#src/message/error-reference.ts";
import { renderTelemetryReference } from "#src/telemetry/reference.ts";

interface Generated {
  /** In this checkout. */
  readonly path: string;
  /** @param before what the file says now, for pages that are written by hand but for a part */
  readonly render: (before: string) => string;
}

/** Every file that is made from the code. */
export const GENERATED: readonly Generated[] = [
  { path: "config/channel.schema.json", render: renderChannelSchema },
  { path: "config/access.schema.json", render: () => renderSchema("Who may sign in, and as what", accessFile) },
  { path: "config/openapi.json", render: () => `${JSON.stringify(openApiDocument(DESCRIBED), null, 2)}\n` },
  { path: "docs/errors.md", render: renderErrorReference },
  { path: "docs/telemetry.md", render: renderTelemetryReference },
  { path: "docs/api.md", render: (before) => withRoutes(before, DESCRIBED) },
  { path: "docs/access.md", render: (before) => withMatrix(before) },
];

/** `botenstoff generate`: rewrites what is made from the code. */
export async function generateCommand(write: (line: string) => void): Promise<0> {
  for (const { path, render } of GENERATED) {
    const file = new URL(`../../${path}`, import.meta.url);
    await writeFile(file, render(await readFile(file, "utf8").catch(() => "")));
    write(path);
  }
  return 0;
}
