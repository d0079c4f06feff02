import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import globalSetup from "../support/global-setup.ts";
import globalTeardown from "../support/global-teardown.ts";
import { openSite, type Role } from "./site.ts";

/** Pictures of every page: the light ones for docs/console.md, in both themes with a folder (`npm run web:shots folder`). */
const folder = process.argv[2] ?? "docs/pictures";
const themes = process.argv[2] === undefined ? ["light"] : ["light", "dark"];
await mkdir(folder, { recursive: true });
await globalSetup();
const site = await openSite();
try {
  const { held, failed } = await site.fill();
  const { rows } = await site.engine.store.query<{ id: string }>(
    `SELECT channel || '.' || stage || '.' || encode(key, 'hex') AS id FROM lane WHERE parked_at IS NOT NULL`,
  );
  const pages: [name: string, role: Role, path: string][] = [
    ["overview", "engineer", "/console"],
    ["lanes", "engineer", "/console/lanes"],
    ["lane", "engineer", `/console/lanes/${rows[0]?.id ?? ""}`],
    ["messages", "engineer", "/console/messages"],
    ["message", "engineer", `/console/messages/${failed.id}`],
    ["channels", "engineer", "/console/channels"],
    ["notices", "engineer", "/console/notices"],
    ["purges", "engineer", "/console/purges"],
    ["engines", "engineer", "/console/engines"],
    ["clearing", "clerk", "/clearing"],
    ["conversation", "clerk", `/clearing/${await site.taskOf(held.id)}`],
    ["privacy", "privacy", "/privacy"],
  ];
  for (const role of ["engineer", "clerk", "privacy"] as const) {
    const { page, context } = await site.signedIn(role);
    for (const [name, who, path] of pages.filter(([, one]) => one === role)) {
      for (const theme of themes) {
        await page.goto(`${site.url}${path}?theme=${theme}`);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await page.waitForLoadState("load");
        await page.waitForTimeout(700);
        const picture = await page.screenshot({ fullPage: true });
        const file = join(folder, themes.length === 1 ? `${name}.png` : `${name}-${theme}.png`);
        await sharp(picture).png({ palette: true, colours: 64, compressionLevel: 9 }).toFile(file);
        console.log(file, who);
      }
    }
    await context.close();
  }
} finally {
  await site.close();
  await globalTeardown();
}
