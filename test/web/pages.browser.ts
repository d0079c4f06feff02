import { AxeBuilder } from "@axe-core/playwright";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { listen } from "./listen.ts";
import { ENGINEER_PAGES, openSite, PLANTED, PRIVACY_PAGES, type Role, type Site } from "./site.ts";

let site: Site;
let filled: Awaited<ReturnType<Site["fill"]>>;
beforeAll(async () => {
  site = await openSite();
  filled = await site.fill();
});
afterAll(() => site.close());

async function open(page: Page, path: string): Promise<void> {
  await page.goto(`${site.url}${path}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.locator("main :is(table, .empty, .card, .needs)").first().waitFor();
}

const laneId = async () => {
  const { rows } = await site.engine.store.query<{ id: string }>(
    `SELECT channel || '.' || stage || '.' || encode(key, 'hex') AS id FROM lane WHERE stage = 'archive' LIMIT 1`,
  );
  return rows[0]?.id ?? "";
};

const pagesOf: Record<Role, () => Promise<string[]>> = {
  engineer: async () => [
    ...ENGINEER_PAGES,
    `/console/messages/${filled.failed.id}`,
    `/console/lanes/${await laneId()}`,
    "/console/messages?state=purged",
    "/console/no-such-page",
  ],
  clerk: async () => ["/clearing", `/clearing/${await site.taskOf(filled.held.id)}`],
  approver: async () => ["/clearing", `/clearing/${await site.taskOf(filled.held.id)}`],
  privacy: async () => PRIVACY_PAGES,
  auditor: async () => ["/privacy/access", "/privacy"],
};

describe("every page", () => {
  const looks = [
    { lang: "de", theme: "light" },
    { lang: "en", theme: "dark" },
  ] as const;
  const roles = ["engineer", "clerk", "approver", "privacy", "auditor"] as const;
  test.each(roles.flatMap((role) => looks.map((look) => ({ role, ...look }))))(
    "of the $role, in $lang and $theme, has no finding of axe, no fault in the console and no foreign request",
    async ({ role, lang, theme }) => {
      const { page, context } = await site.signedIn(role);
      const { faults } = listen(page, site.url);
      const findings: unknown[] = [];
      for (const path of await pagesOf[role]()) {
        await open(page, `${path}${path.includes("?") ? "&" : "?"}lang=${lang}&theme=${theme}`);
        const { violations } = await new AxeBuilder({ page })
          .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
          .analyze();
        findings.push(...violations.map(({ id, nodes }) => [path, id, nodes.map(({ target }) => target)]));
      }
      expect(findings).toEqual([]);
      expect(faults.filter((fault) => !fault.includes("404"))).toEqual([]);
      await context.close();
    },
  );

  test.each(["engineer", "privacy"] as const)("sends the %s no byte of a number, a name or a text", async (role) => {
    const { page, context } = await site.signedIn(role);
    const { received } = listen(page, site.url);
    for (const path of await pagesOf[role]()) await open(page, path);
    const bytes = await received();
    expect(bytes.length).toBeGreaterThan(10_000);
    for (const planted of Object.values(PLANTED)) expect(bytes).not.toContain(planted);
    await context.close();
  });

  test("is sent under a policy that allows nothing else, and not kept", async () => {
    const response = await fetch(`${site.url}/console`);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const policy = response.headers.get("content-security-policy");
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("require-trusted-types-for 'script'; trusted-types 'none'");
    expect(policy).not.toContain("unsafe");
    const html = await response.text();
    expect(html).not.toMatch(/ style=| on\w+=|<script>/);
    const asset = /src="(\/assets\/app-[^"]+)"/.exec(html)?.[1] ?? "";
    const loaded = await fetch(`${site.url}${asset}`, { headers: { "accept-encoding": "br" } });
    expect(loaded.headers.get("cache-control")).toContain("immutable");
    expect((await fetch(`${site.url}/`, { redirect: "manual" })).headers.get("location")).toBe("/console");
  });

  test("fits a narrow screen, and its first load is small", async () => {
    const { page, context } = await site.signedIn("engineer", { viewport: { width: 320, height: 640 } });
    for (const path of ["/console", "/console/messages", "/console/lanes"]) {
      await open(page, path);
      const wide = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect([path, wide <= 0]).toEqual([path, true]);
    }
    const bytes = await page.evaluate(() =>
      performance
        .getEntriesByType("resource")
        .map((entry) => entry as PerformanceResourceTiming & { name: string })
        .filter(({ name }) => name.includes("/assets/"))
        .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
    );
    expect(bytes).toBeLessThan(60_000);
    await context.close();
  });
});
