import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "@jest/globals";
import { readSettings } from "#src/engine/settings.ts";
import { createAuthority } from "../support/certificates.ts";
import { startTestEngine } from "./harness.ts";

it("serves HTTPS itself when it is given a certificate, and refuses to start with half of one", async () => {
  const directory = await mkdtemp(join(tmpdir(), "botenstoff-tls-"));
  const authority = createAuthority("Hospital CA");
  const { cert, key } = authority.issue("botenstoff.hospital.test");
  const files = { cert: join(directory, "cert.pem"), key: join(directory, "key.pem") };
  await writeFile(files.cert, cert);
  await writeFile(files.key, key);
  expect(() => readSettings({ BOTENSTOFF_TLS_CERT_FILE: files.cert })).toThrow(/BOTENSTOFF_TLS_KEY_FILE/);
  const engine = await startTestEngine({
    env: { BOTENSTOFF_TLS_CERT_FILE: files.cert, BOTENSTOFF_TLS_KEY_FILE: files.key },
  });
  const status = await new Promise((resolve, reject) => {
    const { port } = new URL(engine.url);
    get({ host: "localhost", port, path: "/readyz", ca: authority.cert, agent: false }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode));
    }).once("error", reject);
  });
  expect(engine.url).toMatch(/^https:/);
  expect(status).toBe(200);
  await engine.close();
  await rm(directory, { recursive: true });
});
