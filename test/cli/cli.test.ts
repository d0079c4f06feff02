import { execFile, execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { help } from "#src/engine/commands/help.ts";
import { COMMANDS } from "#src/engine/commands/index.ts";
import { findCommand } from "#src/engine/commands/parse.ts";
import { createTestStore } from "../support/database.ts";

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["src/cli.ts", ...args],
      { env: { PATH: process.env["PATH"] ?? "", ...env } },
      (error, out, err) => resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}

describe("the command line", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "botenstoff-cli-"));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it("lists every command in its help", async () => {
    const { code, out } = await run(["--help"]);
    expect(code).toBe(0);
    for (const { name, summary } of COMMANDS) expect(out).toMatch(new RegExp(`^  ${name} +${summary}`, "m"));
  });

  it("has a help of its own for each command", () => {
    for (const { name, summary } of COMMANDS) {
      const command = findCommand(COMMANDS, [...name.split(" "), "--help"])?.command;
      expect(command && help(command)).toContain(`botenstoff ${name}: ${summary}`);
    }
  });

  it.each([
    [[]],
    [["no-such-command"]],
    [["lint", "--no-such-flag"]],
    [["graph", "positional"]],
    [["message"]],
    [["completion", "fish"]],
  ])("answers 2 when it is used wrongly: %j", async (args) => {
    expect((await run(args)).code).toBe(2);
  });

  it("lints the shipped channels without any secret", async () => {
    expect(await run(["lint"])).toMatchObject({ code: 0, out: expect.stringContaining("no problems") });
  });

  it("passes the tests of the shipped channels and every golden example", async () => {
    const { code, out } = await run(["test"]);
    expect(out).toMatch(/ 0 failed$/m);
    expect(code).toBe(0);
  });

  it("says which version it is", async () => {
    const { version } = JSON.parse(await readFile("package.json", "utf8"));
    expect(await run(["--version"])).toMatchObject({ code: 0, out: `${version}\n` });
  });

  it("lints only the files it is given, and says it as JSON when asked", async () => {
    const { code, out } = await run(["lint", "channels/whatsapp-to-kis.yaml", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({ ok: true, channels: ["whatsapp-to-kis"], problems: [] });
  });

  it("names a channel file that is not there", async () => {
    const { code, out } = await run(["lint", "channels/nowhere.yaml"]);
    expect(code).toBe(1);
    expect(out).toBe("channels/nowhere.yaml:1:1 No such channel file\n");
  });

  it("tests only the channels it is given", async () => {
    const { code, out } = await run(["test", "channels/adt-to-directory.yaml", "--json"]);
    expect(code).toBe(0);
    const { results } = JSON.parse(out);
    const names = (results as { name: string }[]).map(({ name }) => name);
    expect(names.filter((name) => !name.startsWith("adt-to-directory: "))).toEqual([]);
    expect(names).not.toEqual([]);
  });

  it("completes commands, sub-commands and flags in bash", async () => {
    const { out } = await run(["completion", "bash"]);
    const complete = (...words: string[]) =>
      execFileSync(
        "bash",
        [
          "-c",
          `${out}\nCOMP_WORDS=(botenstoff "$@"); COMP_CWORD=$#; _botenstoff; echo "\${COMPREPLY[@]}"`,
          "_",
          ...words,
        ],
        { encoding: "utf8", cwd: directory },
      );
    expect(complete("doct")).toBe("doctor\n");
    expect(complete("messages", "--sta")).toBe("--state\n");
  });

  it("starts by the launcher that any Node can run", async () => {
    const launched = await new Promise<string>((resolve) => {
      execFile(process.execPath, ["src/botenstoff.js", "--version"], (_error, out, err) => resolve(out + err));
    });
    expect(launched).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("says that no engine answers", async () => {
    const { code, err } = await run(["messages"], { BOTENSTOFF_URL: "http://127.0.0.1:9", BOTENSTOFF_API_TOKEN: "t" });
    expect(code).toBe(1);
    expect(err).toContain("ENGINE_UNREACHABLE: asking the engine at http://127.0.0.1:9: ");
  });

  it("draws the channels as a mermaid graph", async () => {
    const { code, out } = await run(["graph"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^(graph|flowchart) /);
    expect(out).toContain("whatsapp-to-kis");
  });

  it("answers 1 for a channel that is wrong, and names file, line and column", async () => {
    await writeFile(join(directory, "wrong.yaml"), "id: wrong\ntitle: Wrong\nsource: { type: telex }\n");
    const { code, out } = await run(["lint"], { BOTENSTOFF_CHANNELS_DIR: directory });
    expect(code).toBe(1);
    expect(out).toMatch(/wrong\.yaml:3:\d+ source\.type: /);
  });

  it("lints who may sign in like a channel, by name or with all the rest, and says what to do", async () => {
    const file = join(directory, "access.yaml");
    const staff = "{ id: staff, title: S, issuer: https://idp.example, client_id: b, client_secret: s";
    await writeFile(file, `providers:\n  - ${staff}, roles: [{ value: g, role: boss }] }\n`);
    const wrong = /access\.yaml:2:\d+ providers\.0\.roles\.0\.role: .*engineer/;
    for (const words of [[], [file]]) {
      const { code, out } = await run(["lint", ...words], { BOTENSTOFF_ACCESS_FILE: file });
      expect([words, code]).toEqual([words, 1]);
      expect(out).toMatch(wrong);
    }
    await writeFile(file, `providers:\n  - ${staff}, roles: [{ value: g, role: clerk, channels: [none] }] }\n`);
    const { out } = await run(["lint", file, "--json"], { BOTENSTOFF_ACCESS_FILE: file });
    const [problem] = JSON.parse(out).problems;
    expect(problem).toMatchObject({ line: 2, message: "No such channel", remedy: expect.stringContaining("whatsapp") });
  });

  it("reports each connector that cannot be reached in a dry run, and answers 1", async () => {
    const nowhere = {
      WHATSAPP_PHONE_NUMBER_ID: "1",
      WHATSAPP_APP_SECRET: "s",
      WHATSAPP_VERIFY_TOKEN: "v",
      WHATSAPP_ACCESS_TOKEN: "a",
      WHATSAPP_GRAPH_URL: "http://127.0.0.1:9",
      KIS_FHIR_URL: "http://127.0.0.1:9",
      KIS_MLLP_HOST: "127.0.0.1",
      KIS_MLLP_PORT: "9",
      ADT_MLLP_PORT: "0",
    };
    const { code, out } = await run(["dry-run"], nowhere);
    expect(code).toBe(1);
    expect(out).toMatch(/^FAILED whatsapp-to-kis.*chart/m);
    expect(out).toMatch(/^FAILED whatsapp-to-kis.*archive/m);
    expect(out).toMatch(/^ok .*adt-to-directory/m);
  });

  it("refuses to start without a master key, and says how to make one", async () => {
    const { code, err } = await run(["serve"], { BOTENSTOFF_DATA_DIR: directory });
    expect(code).toBe(1);
    expect(err).toContain("MASTER_KEY_MISSING");
    expect(err).toContain("openssl rand");
  });

  it.each([
    ["the port is taken", "BOTENSTOFF_HTTP_PORT", /CONFIG_INVALID: listening on 127\.0\.0\.1:\d+: EADDRINUSE/],
    [
      "the channel files are not there",
      "BOTENSTOFF_CHANNELS_DIR",
      /CONFIG_INVALID: reading the channel files in .*: ENOENT/,
    ],
  ])("ends with 1 when it cannot start because %s", async (_why, variable, said) => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    await using database = await createTestStore();
    const key = join(directory, "master.key");
    await writeFile(key, randomBytes(48).toString("base64"), { mode: 0o600 });
    const env = {
      BOTENSTOFF_HTTP_PORT: "0",
      BOTENSTOFF_DATA_DIR: await mkdtemp(join(directory, "data-")),
      BOTENSTOFF_MASTER_KEY_FILE: key,
      DATABASE_URL: database.url,
      ADT_MLLP_PORT: "0",
      [variable]: variable.endsWith("PORT") ? String(port) : join(directory, "nowhere"),
    };
    const { code, err } = await run(["serve"], env);
    taken.close();
    expect(err).toMatch(said);
    expect(code).toBe(1);
  });

  it.each([
    ["BOTENSTOFF_HTTP_PORT", "eighty"],
    ["BOTENSTOFF_EPOCH", "a day"],
    ["LOG_LEVEL", "verbose"],
  ])("names the variable that is wrong: %s", async (name, value) => {
    const { code, err } = await run(["serve"], { [name]: value });
    expect(code).toBe(1);
    expect(err).toContain(`CONFIG_INVALID: reading ${name}: `);
  });

  describe("with a hospital's own mappings in a folder of its own", () => {
    const env = {
      ...{ WHATSAPP_PHONE_NUMBER_ID: "1", WHATSAPP_APP_SECRET: "a", WHATSAPP_VERIFY_TOKEN: "b" },
      ...{ WHATSAPP_ACCESS_TOKEN: "c", KIS_FHIR_URL: "https://kis.example", KIS_MLLP_HOST: "kis.example" },
      ...{ KIS_MLLP_PORT: "2575", ADT_MLLP_PORT: "2576" },
    };
    let site: string;
    beforeAll(async () => {
      site = join(directory, "site");
      await cp("mappings", join(site, "mappings"), { recursive: true });
      await mkdir(join(site, "mappings/ours"));
      await writeFile(
        join(site, "mappings/ours/index.ts"),
        `import { z } from "zod";
        import { defineMapping } from "#src/message/mapping.ts";
        const params = z.strictObject({ ward: z.string().default("A") });
        export default defineMapping({ output: "hl7", version: "1", params, map: () => ({ segments: [] }) });`,
      );
      const channel = (await readFile("channels/whatsapp-to-kis.yaml", "utf8"))
        .replace("mapping: message-to-mdm", "mapping: ours")
        .replace(/ {4}with: .*\n/, "")
        .replace(/\ntests:[^]*/, "");
      await mkdir(join(site, "channels"));
      await writeFile(join(site, "channels/whatsapp-to-kis.yaml"), channel);
    });
    const places = () => ({
      BOTENSTOFF_CHANNELS_DIR: join(site, "channels"),
      BOTENSTOFF_MAPPINGS_DIR: join(site, "mappings"),
    });

    it("finds the engine's modules from there, and asks none for a profile that takes none", async () => {
      expect(await run(["lint"], { ...env, ...places() })).toMatchObject({ code: 0, out: "1 channels, no problems\n" });
    });

    it("says what is wrong in words that a short secret does not cut up", async () => {
      const { err, out } = await run(["lint"], { ...env, ...places(), KIS_MLLP_PORT: "abc" });
      expect(`${out}${err}`).toContain("Expected a number (from ${KIS_MLLP_PORT})");
    });
  });
});
