import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { freePort } from "#src/demo/free-port.ts";
import { openWorld, type World } from "#src/demo/world.ts";
import { readSettings } from "#src/engine/settings.ts";
import { parseAnswers } from "#src/engine/setup/answers.ts";
import { environmentOf, withValues } from "#src/engine/setup/environment-file.ts";
import { setUp, type SetupWish } from "#src/engine/setup/set-up.ts";
import { startEngine } from "#src/engine/start.ts";
import { createTestStore, type TestStore } from "../../support/database.ts";

describe("botenstoff setup", () => {
  let world: World;
  let database: TestStore;
  let home: string;
  let folder: string;
  let answers: Record<string, string>;
  let said: string[];
  beforeAll(async () => {
    world = await openWorld("PT1H");
    database = await createTestStore();
  });
  afterAll(async () => {
    await world.close();
    await database[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), "botenstoff-setup-"));
    folder = join(home, "site");
    said = [];
    answers = {
      database: database.url,
      listen_port: String(await freePort("127.0.0.1")),
      whatsapp_phone_number_id: world.env["WHATSAPP_PHONE_NUMBER_ID"] ?? "",
      whatsapp_app_secret: world.env["WHATSAPP_APP_SECRET"] ?? "",
      whatsapp_access_token: world.env["WHATSAPP_ACCESS_TOKEN"] ?? "",
      whatsapp_graph_url: world.whatsapp.url,
      kis_fhir_url: world.fhir.url,
      kis_mllp_host: "127.0.0.1",
      kis_mllp_port: String(world.mllp.port),
      adt_mllp_port: String(await freePort("127.0.0.1")),
      alert_mail_server: "smtp://127.0.0.1:2525",
      alert_mail_user: "duty",
      alert_mail_password: "pass'word \"$x` \\",
      alert_mail_from: "botenstoff@hospital.example",
    };
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const run = (own: Partial<SetupWish> = {}) =>
    setUp({
      ...{ folder, given: answers, dryRun: false, renewTls: false, env: {}, now: Date.now },
      say: (line) => void said.push(line),
      ...own,
    });
  /** Every file with its content and mode. */
  const everything = () =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .map((name) => join(folder, name))
      .sort()
      .map((path) => {
        const { mode } = statSync(path);
        const content = statSync(path).isDirectory() ? "" : readFileSync(path, "utf8");
        return `${path} ${mode.toString(8)} ${createHash("sha256").update(content).digest("hex")}`;
      });

  test("lays out everything an engine starts with, and finds nothing wrong", async () => {
    expect(await run()).toBe(0);
    const engine = await startEngine(readSettings(environmentOf(folder)), () => undefined);
    await engine.stop();
    const token = environmentOf(folder)["BOTENSTOFF_API_TOKEN"] ?? "";
    expect(token).toMatch(/^[0-9a-f]{48}$/);
  });

  test("keeps what is secret from everybody else, and out of what it says and of its protocol", async () => {
    await run();
    for (const name of ["master.key", "environment", "alert-mail"]) {
      expect(statSync(join(folder, "secrets", name)).mode & 0o077).toBe(0);
    }
    expect(statSync(join(folder, "secrets")).mode & 0o077).toBe(0);
    const { BOTENSTOFF_API_TOKEN: token = "", WHATSAPP_VERIFY_TOKEN: verify = "" } = environmentOf(folder);
    const key = readFileSync(join(folder, "secrets", "master.key"), "utf8").trim();
    const shown = [said.join("\n"), readFileSync(join(folder, "setup-protocol.txt"), "utf8")].join("\n");
    const secrets = [token, verify, key, new URL(database.url).password, answers["alert_mail_password"] ?? ""];
    for (const secret of [...secrets, answers["whatsapp_app_secret"] ?? "", answers["whatsapp_access_token"] ?? ""]) {
      expect(secret).not.toBe("");
      expect(shown).not.toContain(secret);
    }
    expect(readFileSync(join(folder, "environment"), "utf8")).not.toContain(answers["whatsapp_app_secret"]);
    expect(readFileSync(join(folder, "alerts.yaml"), "utf8")).toContain("${file:");
  });

  test("a second time changes nothing, whether the same is said again or nothing", async () => {
    await run();
    const before = everything();
    expect(await run()).toBe(0);
    expect(await run({ given: {} })).toBe(0);
    expect(everything()).toEqual(before);
    expect(said.filter((line) => line === "nothing to be made or changed")).toHaveLength(2);
  });

  test("changes only what is said otherwise, names it, keeps what was, and tells before when asked to", async () => {
    await run();
    const before = everything();
    const given = { kis_mllp_port: "2599", whatsapp_app_secret: "another-secret" };
    said = [];
    expect(await run({ given, dryRun: true })).toBe(0);
    expect(everything()).toEqual(before);
    expect(said.join("\n")).toMatch(
      /would be changed .*environment: KIS_MLLP_PORT\n.*environment: WHATSAPP_APP_SECRET/,
    );
    await run({ given });
    expect(environmentOf(folder)).toMatchObject({ KIS_MLLP_PORT: "2599", WHATSAPP_APP_SECRET: "another-secret" });
    expect(readFileSync(join(folder, "environment.old"), "utf8")).toContain(`KIS_MLLP_PORT=${world.mllp.port}\n`);
    expect(statSync(join(folder, "secrets", "environment.old")).mode & 0o077).toBe(0);
    const untouched = (line: string) => !/environment|protocol/.test(line);
    expect(everything().filter(untouched)).toEqual(before.filter(untouched));
  });

  test("leaves out what is left for later, says so, and does not call that wrong", async () => {
    for (const name of Object.keys(answers)) if (/^(whatsapp_[ap]|kis|alert)/.test(name)) answers[name] = "";
    const given = Object.fromEntries(Object.entries(answers).filter(([, answer]) => answer !== ""));
    expect(await run({ given })).toBe(0);
    expect(said.join("\n")).toContain("Left for later: whatsapp_phone_number_id");
    expect(environmentOf(folder)["WHATSAPP_APP_SECRET"]).toBeUndefined();
  });

  test("gives webhooks and metrics listeners of their own where ports are named, and says why in plain HTTP", async () => {
    const [webhooks_port, metrics_port] = [String(await freePort("127.0.0.1")), String(await freePort("127.0.0.1"))];
    const given = { ...answers, webhooks_port, webhooks_host: "0.0.0.0", metrics_port, tls: "none" };
    expect(await run({ given })).toBe(0);
    const values = environmentOf(folder);
    expect(values).toMatchObject({ BOTENSTOFF_WEBHOOKS_PORT: webhooks_port, BOTENSTOFF_WEBHOOKS_HOST: "0.0.0.0" });
    expect(values).toMatchObject({ BOTENSTOFF_METRICS_PORT: metrics_port, BOTENSTOFF_METRICS_HOST: "127.0.0.1" });
    expect(values["BOTENSTOFF_WEBHOOKS_INSECURE"]).toContain("reverse proxy");
    expect(values["BOTENSTOFF_METRICS_INSECURE"]).toBeUndefined();
    expect(values["BOTENSTOFF_HTTP_INSECURE"]).toBeUndefined();
  });

  test("says that something is wrong which nobody left for later", async () => {
    expect(await run({ given: { ...answers, kis_mllp_host: "kis..invalid" } })).toBe(1);
    expect(said.join("\n")).toMatch(/WRONG {2}names .*KIS_MLLP_HOST/);
  });

  test("by an authority of its own serves HTTPS that its certificate vouches for, and another one when asked", async () => {
    expect(await run({ given: { ...answers, tls: "own", public_name: "botenstoff.hospital.example" } })).toBe(0);
    const engine = await startEngine(readSettings(environmentOf(folder)), () => undefined);
    const ca = readFileSync(join(folder, "tls", "ca.pem"));
    const asked = request(new URL("/healthz", engine.url), { ca, servername: "botenstoff.hospital.example" });
    asked.end();
    const [response] = (await once(asked, "response")) as [{ statusCode: number; resume(): void }];
    response.resume();
    await engine.stop();
    expect(response.statusCode).toBe(200);
    const [certificate, key] = [join(folder, "tls", "server.pem"), join(folder, "secrets", "master.key")];
    const before = [certificate, key].map((file) => readFileSync(file, "utf8"));
    expect(await run({ given: {}, renewTls: true })).toBe(0);
    expect(readFileSync(certificate, "utf8")).not.toBe(before[0]);
    expect(readFileSync(key, "utf8")).toBe(before[1]);
  });

  test("asks until an answer fits, takes an empty one for the default, and does nothing where nobody agrees", async () => {
    const typed: Record<string, string[]> = { listen_port: ["99999", "8099"], database: [database.url] };
    const wrongs: string[] = [];
    const result = await run({
      given: {},
      ask: ({ name }, _byDefault, wrong) => {
        if (wrong !== undefined) wrongs.push(`${name}: ${wrong}`);
        return Promise.resolve(typed[name]?.shift() ?? "");
      },
      agree: () => Promise.resolve(false),
    });
    expect(result).toBe(1);
    expect(wrongs).toEqual(["listen_port: A port: 0 to 65535"]);
    expect(() => statSync(folder)).toThrow();
  });

  test("refuses an answers file by the name of what is wrong in it, never by its value", () => {
    const reading = (text: string) => () => parseAnswers("answers.yaml", text);
    expect(reading("kis_port: 1")).toThrow(/there is no question "kis_port"/);
    expect(reading("listen_port: hunter22")).toThrow(/listen_port: A port/);
    expect(reading("listen_port: hunter22")).not.toThrow(/hunter22/);
    expect(reading("- a")).toThrow(/expected name: answer/);
    expect(parseAnswers("answers.yaml", "listen_port: 8443")).toEqual({ listen_port: "8443" });
  });

  test("without a terminal names what to give instead, and prints an answers file that it takes", async () => {
    const command = (...args: string[]) =>
      new Promise<{ code: number; out: string; err: string }>((resolve) => {
        const child = execFile(
          process.execPath,
          ["src/cli.ts", "setup", "--folder", folder, ...args],
          { env: { PATH: process.env["PATH"] ?? "" } },
          (error, out, err) => resolve({ code: error ? Number(error.code) : 0, out, err }),
        );
        child.stdin?.end();
      });
    expect(await command()).toMatchObject({ code: 2, err: expect.stringContaining("--answers") });
    const { out } = await command("--example");
    expect(parseAnswers("example", out)).toMatchObject({ database: "embedded", kis_fhir_url: "later" });
    const file = join(home, "answers.yaml");
    writeFileSync(file, out);
    const { code, out: dry } = await command("--answers", file, "--dry-run");
    expect(code).toBe(0);
    expect(dry).toContain("would be made");
  });
});

test("settings are written so that a shell takes what we read, and other lines stay", () => {
  const home = mkdtempSync(join(tmpdir(), "botenstoff-environment-"));
  try {
    const values = { A: "plain", B: "two words", C: "it's", D: "q\"uo$te`s\\ and 'all'", E: "", F: "#not a comment" };
    const before = "# a comment\nA=before\nexport Z='kept'\n";
    writeFileSync(join(home, "environment"), withValues(before, values));
    expect(environmentOf(home)).toEqual({ ...values, Z: "kept" });
    const text = readFileSync(join(home, "environment"), "utf8");
    expect(text).toMatch(/^# a comment\nA=plain\nexport Z='kept'\n/);
    expect(withValues(text, values)).toBe(text);
    for (const [name, value] of Object.entries(values)) {
      const shell = execFileSync("sh", ["-c", `. ./environment; printf %s "$${name}"`], {
        cwd: home,
        encoding: "utf8",
      });
      expect(shell).toBe(value);
    }
  } finally {
    rmSync(home, { recursive: true });
  }
});
