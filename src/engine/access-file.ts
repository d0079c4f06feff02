import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { loadAccess } from "#src/access/load.ts";
import type { Settings } from "./settings.ts";

/** Checks who may sign in, and whether the channels that roles are limited to are there: a typing error shows nothing to anybody. */
export async function lintAccessFile(
  { accessFile: file, channelsDir, env }: Pick<Settings, "accessFile" | "channelsDir" | "env">,
  unresolved: "error" | "placeholder",
) {
  const names = existsSync(channelsDir) ? await readdir(channelsDir) : [];
  const channels = names.filter((name) => name.endsWith(".yaml")).map((name) => name.slice(0, -".yaml".length));
  return loadAccess({ file, env, unresolved, channels });
}
