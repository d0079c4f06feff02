import { readFile } from "node:fs/promises";
import { expect, test } from "@jest/globals";
import { GENERATED } from "#src/engine/generate.ts";
import { ERRORS } from "#src/message/error-code.ts";
import { EVENTS } from "#src/telemetry/events/index.ts";

test.each(GENERATED)("$path says what the code says", async ({ path, render }) => {
  const page = await readFile(path, "utf8");
  expect(page).toBe(render(page));
});

test("docs/errors.md has every error code, once, with its meaning and its remedy", async () => {
  const page = await readFile("docs/errors.md", "utf8");
  for (const [code, { meaning, remedy }] of Object.entries(ERRORS)) {
    expect(page.split(`### \`${code}\`\n`)).toHaveLength(2);
    expect(page).toContain(`${meaning}\n\nDo: ${remedy}\n`);
  }
});

test("docs/telemetry.md has every log event, once", async () => {
  const page = await readFile("docs/telemetry.md", "utf8");
  for (const name of Object.keys(EVENTS)) expect(page.split(`### \`${name}\`\n`)).toHaveLength(2);
});
