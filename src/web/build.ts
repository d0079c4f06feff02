import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BUILT, ENTRIES } from "./server/assets.ts";
import { bundle } from "./server/bundle.ts";

/** Compiles the pages into the folder an install without a compiler serves (`npm run web:build`). */
const { assets, script, style, icon } = await bundle();
await rm(BUILT, { recursive: true, force: true });
await mkdir(BUILT, { recursive: true });
for (const { name, bytes } of assets) await writeFile(join(BUILT, name), bytes);
await writeFile(join(BUILT, ENTRIES), JSON.stringify({ script, style, icon }));
