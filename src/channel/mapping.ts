import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { Mapping } from "#src/message/mapping.ts";
import { NAME } from "./names.ts";

const exported = z.object({
  output: z.enum(["fhir", "hl7", "directory"]),
  version: z.string().min(1),
  withdraws: z.boolean().default(false),
  addenda: z.boolean().default(false),
  params: z.custom<z.ZodType>((value) => typeof value === "object" && value !== null && "safeParse" in value),
  map: z.custom<Mapping["map"]>((value) => typeof value === "function"),
  day: z.custom<NonNullable<Mapping["day"]>>((value) => typeof value === "function").optional(),
});

/**
 * Loads `<directory>/<name>/index.ts`, natively and without a build. Node keeps a loaded module for the life of the
 * process: a changed mapping takes effect at the next start, so a running lane never sees two renderings of a version.
 * @throws BotenstoffError CONFIG_INVALID when the name is none, there is no such mapping, or it does not load
 */
export async function loadMapping(directory: string, name: string): Promise<Mapping> {
  if (!NAME.test(name)) {
    throw new BotenstoffError("CONFIG_INVALID", "loading a mapping: its name is none, and a path is never loaded");
  }
  const file = join(directory, name, "index.ts");
  if (!existsSync(file)) {
    throw new BotenstoffError("CONFIG_INVALID", `loading mapping ${name}: there is no ${file}`);
  }
  const loaded = await load(name, file);
  const checked = exported.safeParse(loaded);
  if (!checked.success) {
    throw new BotenstoffError(
      "CONFIG_INVALID",
      `loading mapping ${name}: index.ts has no defineMapping(…) as default export`,
    );
  }
  const { output, version, params, withdraws, addenda, day } = checked.data;
  const spec = loaded as Pick<Mapping, "map">;
  return {
    name,
    output,
    version,
    params,
    withdraws,
    addenda,
    ...(day && { day }),
    map: (message, context) => spec.map(message, context),
  };
}

async function load(name: string, file: string): Promise<unknown> {
  try {
    const module = (await import(pathToFileURL(file).href)) as { default?: unknown };
    return module.default;
  } catch (error) {
    const reason = Error.isError(error) ? error.message : String(error);
    throw new BotenstoffError("CONFIG_INVALID", `loading mapping ${name}: ${reason}`, { cause: error });
  }
}
