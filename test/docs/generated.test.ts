import { readFile } from "node:fs/promises";
import { expect, test } from "@jest/globals";
import { renderChannelSchema } from "#src/channel/json-schema.ts";
import { ERRORS } from "#src/message/error-code.ts";
import { EVENTS } from "#src/telemetry/events/index.ts";
import { renderTelemetryReference } from "#src/telemetry/reference.ts";
import { renderErrorReference } from "#src/message/error-reference.ts";

test("config/channel.schema.json says what the connectors' own schemas say", async () => {
  expect(await readFile("config/channel.schema.json", "utf8")).toBe(renderChannelSchema());
});

test("docs/errors.md has every error code, once, with its meaning and its remedy", async () => {
  const page = await readFile("docs/errors.md", "utf8");
  expect(page).toBe(renderErrorReference());
  for (const [code, { meaning, remedy }] of Object.entries(ERRORS)) {
    expect(page.split(`| \`${code}\` |`)).toHaveLength(2);
    expect(page).toContain(`${meaning} | ${remedy}`);
  }
});

test("docs/telemetry.md has every log event and every metric", async () => {
  const page = await readFile("docs/telemetry.md", "utf8");
  expect(page).toBe(renderTelemetryReference());
  for (const name of Object.keys(EVENTS)) expect(page.split(`### \`${name}\`\n`)).toHaveLength(2);
});
