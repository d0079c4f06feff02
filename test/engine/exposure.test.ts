import { describe, expect, it } from "@jest/globals";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { refuseExposure } from "#src/engine/exposure.ts";
import { readSettings } from "#src/engine/settings.ts";
import { startTestEngine } from "./harness.ts";

const start = (env: Record<string, string>) => () => refuseExposure(readSettings(env));

describe("the engine does not start", () => {
  it.each(["0.0.0.0", "::", "192.168.1.4", "engine.example"])("with plain HTTP at %s", (host) => {
    const env = { BOTENSTOFF_HTTP_HOST: host };
    expect(start(env)).toThrow(/BOTENSTOFF_HTTP_INSECURE/);
    expect(start({ ...env, BOTENSTOFF_TLS_CERT_FILE: "a", BOTENSTOFF_TLS_KEY_FILE: "b" })).not.toThrow();
    expect(start({ ...env, BOTENSTOFF_HTTP_INSECURE: "the proxy on this host brings TLS" })).not.toThrow();
    expect(() => readSettings({ ...env, BOTENSTOFF_HTTP_INSECURE: "yes" })).toThrow(/BOTENSTOFF_HTTP_INSECURE/);
  });

  it.each(["WEBHOOKS", "METRICS"])("with a listener of its own for %s in plain HTTP off this machine", (part) => {
    const name = `BOTENSTOFF_${part}`;
    const env = { [`${name}_HOST`]: "0.0.0.0", [`${name}_PORT`]: "9000" };
    expect(start(env)).toThrow(new RegExp(`${name}_INSECURE`));
    // What was said of another listener says nothing of this one.
    expect(start({ ...env, BOTENSTOFF_HTTP_INSECURE: "the proxy brings TLS" })).toThrow(`${name}_INSECURE`);
    expect(start({ ...env, [`${name}_INSECURE`]: "the proxy brings TLS" })).not.toThrow();
    expect(start({ ...env, BOTENSTOFF_TLS_CERT_FILE: "a", BOTENSTOFF_TLS_KEY_FILE: "b" })).not.toThrow();
    expect(start({ [`${name}_PORT`]: "9000" })).not.toThrow();
    expect(start({ [`${name}_HOST`]: "127.0.0.1" })).toThrow(`${name}_PORT`);
    expect(start({ [`${name}_PORT`]: "8080" })).toThrow(/another listener/);
    expect(start({ [`${name}_PORT`]: "80800" })).toThrow(`${name}_PORT`);
  });

  it.each(["a", "secret", "0123456789abcdef"[0]!.repeat(48), "passwordpassword", "abcabcabcabcabcabcabcabc"])(
    "with a token that can be guessed: %s",
    (token) => {
      expect(start({ BOTENSTOFF_API_TOKEN: token })).toThrow(/BOTENSTOFF_API_TOKEN: too easy to guess/);
    },
  );

  it.each([
    "f3a9c1d07be2486599aa10ffce3b7d42",
    "Tq8vXn2LrZk5WbYcJm4D",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c",
  ])("but with one that was drawn: %s", (token) => expect(start({ BOTENSTOFF_API_TOKEN: token })).not.toThrow());
});

it("why it serves plain HTTP, at each listener, is in the journal", async () => {
  const insecure = "the proxy on this host brings TLS";
  const engine = await startTestEngine({
    env: {
      ...{ BOTENSTOFF_HTTP_HOST: "0.0.0.0", BOTENSTOFF_HTTP_INSECURE: insecure },
      ...{ BOTENSTOFF_WEBHOOKS_PORT: "0", BOTENSTOFF_WEBHOOKS_INSECURE: "the DMZ brings TLS" },
      ...{ BOTENSTOFF_METRICS_PORT: "0", BOTENSTOFF_METRICS_HOST: "127.0.0.1" },
    },
  });
  const { rows } = await engine.store.query<{ detail: unknown }>(
    "SELECT detail FROM journal WHERE action = 'engine.started'",
  );
  expect(rows.map(({ detail }) => detail)).toContainEqual({ insecure, insecure_webhooks: "the DMZ brings TLS" });
  const { fields } = engine.logged.find(({ event }) => event === "engine.started")!;
  const port = (part: string) => new URL(String(fields[part])).port;
  expect(new Set(["webhooks", "api", "metrics"].map(port)).size).toBe(3);
  const status = async (part: string, path: string) => (await fetch(`http://127.0.0.1:${port(part)}${path}`)).status;
  expect(await status("metrics", "/metrics")).toBe(200);
  expect(await status("api", "/metrics")).toBe(404);
  await engine.close();
});

it("why an MLLP listener goes without TLS, and others are asked over plain HTTP, is in the journal", async () => {
  const insecure = "only the integration network reaches it";
  const channels = await mkdtemp(join(tmpdir(), "insecure-channels-"));
  await cp("channels", channels, { recursive: true });
  const file = join(channels, "adt-to-directory.yaml");
  const shipped = await readFile(file, "utf8");
  const changed = shipped.replace(/^( *)port: .*$/m, (line, indent: string) =>
    [line, `${indent}host: 0.0.0.0`, `${indent}insecure: ${insecure}`].join("\n"),
  );
  expect(changed).not.toBe(shipped);
  await writeFile(file, changed);
  const alerts = join(channels, "alerts.txt");
  const said = { chart: "the KIS has no TLS yet", duty: "the chat has no TLS yet" };
  const hook = `{ url: "http://chat.example/hook", insecure: "${said.duty}" }`;
  await writeFile(alerts, `targets: [{ id: duty, webhook: ${hook} }]\nrules: []\n`);
  const engine = await startTestEngine({
    channels,
    env: { KIS_FHIR_INSECURE: said.chart, BOTENSTOFF_ALERTS_FILE: alerts },
  });
  const told = await engine.store.query<{ detail: unknown }>(
    "SELECT detail FROM journal WHERE (action, subject) IN (('channel.deployed', 'whatsapp-to-kis'), ('alerts.insecure', 'alerts')) ORDER BY seq",
  );
  expect(told.rows.map(({ detail }) => detail)).toEqual([
    { duty: said.duty },
    expect.objectContaining({ insecure_chart: said.chart }),
  ]);
  const { rows } = await engine.store.query<{ detail: unknown }>(
    "SELECT detail FROM journal WHERE action = 'channel.deployed' AND subject = 'adt-to-directory'",
  );
  expect(rows.map(({ detail }) => detail)).toContainEqual(expect.objectContaining({ insecure }));
  await engine.close();
  await rm(channels, { recursive: true });
});
