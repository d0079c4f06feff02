import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import sharp from "sharp";
import globalSetup from "../support/global-setup.ts";
import globalTeardown from "../support/global-teardown.ts";
import { openSite, type Role, type Site } from "./site.ts";

/**
 * Pictures of every page: light and English for docs/console.md; with a folder (`npm run web:shots -- folder`) in both
 * themes and both languages.
 */
const folder = process.argv[2] ?? "docs/pictures";
const looks = (process.argv[2] === undefined ? ["light"] : ["light", "dark"]).flatMap((theme) =>
  (process.argv[2] === undefined ? ["en"] : ["en", "de"]).map((lang) => ({ theme, lang })),
);
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
    ["alerts", "engineer", "/console/alerts"],
    ["notices", "engineer", "/console/notices"],
    ["certificates", "engineer", "/console/certificates"],
    ["purges", "engineer", "/console/purges"],
    ["engines", "engineer", "/console/engines"],
    ["clearing", "clerk", "/clearing"],
    ["task", "clerk", `/clearing/${await site.taskOf(held.id)}`],
    ["privacy", "privacy", "/privacy"],
    ["journal", "privacy", "/privacy/access"],
  ];
  const prepare: Record<string, (page: Page) => Promise<void>> = { task: showMatch };
  const arrange: Record<string, () => Promise<unknown>> = {
    alerts: () => openAlert(site),
    certificates: () => tellOfCertificates(site),
  };
  for (const role of ["engineer", "clerk", "privacy"] as const) {
    const { page, context } = await site.signedIn(role);
    for (const [name, who, path] of pages.filter(([, one]) => one === role)) {
      for (const { theme, lang } of looks) {
        await arrange[name]?.();
        await page.goto(`${site.url}${path}?theme=${theme}&lang=${lang}`);
        await page.locator("main :is(table, .empty, .card, .needs)").first().waitFor();
        await page.getByText(/^(Loading …|Lädt …)$/).waitFor({ state: "detached" });
        await prepare[name]?.(page);
        const picture = await page.screenshot({ fullPage: true });
        const file = join(folder, looks.length === 1 ? `${name}.png` : `${name}-${lang}-${theme}.png`);
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

/** The clearing desk as it is when two identifiers match. */
async function showMatch(page: Page): Promise<void> {
  await page.locator("[data-key=o]").click();
  await page.locator(".written .sentence").waitFor();
  await page.locator("input[name=value0]").fill("12.08.1964");
  await page.locator("input[name=value1]").fill("F-2026-001");
  await page.locator("input[name=value1]").press("Enter");
  await page.locator(".matched h3").waitFor();
}

/** An alert as it is a minute after a lane was parked. */
function openAlert({ engine: { store } }: Site): Promise<unknown> {
  return store.query(
    `INSERT INTO alert (id, rule, subject, severity, value, opened_at, seen_at)
     VALUES ($1, 'lane-parked', 'channel=whatsapp-to-kis,stage=archive', 'critical', 1, now() - interval '12 minutes', now())
     ON CONFLICT (rule, subject) WHERE closed_at IS NULL DO UPDATE SET seen_at = now()`,
    [randomUUID()],
  );
}

/** What a second engine with TLS at its doors would tell. */
function tellOfCertificates({ engine: { store } }: Site): Promise<unknown> {
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
  const certificates = [
    { channel: "", connector: "http", role: "own", expires_at: inDays(5) },
    { channel: "whatsapp-to-kis", connector: "archive", role: "peer", expires_at: inDays(24) },
    { channel: "whatsapp-to-kis", connector: "archive", role: "ca", expires_at: inDays(1_400) },
  ];
  return store.query(
    `INSERT INTO engine (owner, started_at, seen_at, clock_at, report)
     SELECT 'kis-engine-2:1', started_at, now(), now(), report || jsonb_build_object('certificates', $1::jsonb)
     FROM engine WHERE owner <> 'kis-engine-2:1' LIMIT 1
     ON CONFLICT (owner) DO UPDATE SET seen_at = now(), clock_at = now(), report = excluded.report`,
    [JSON.stringify(certificates)],
  );
}
