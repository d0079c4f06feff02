#!/usr/bin/env node
// The one file of the engine that any Node can run: it finds a Node that runs TypeScript, and hands over to it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath, URL } from "node:url";

const CLI = fileURLToPath(new URL("cli.ts", import.meta.url));
/** Garbage is collected before the process has grown to 400 MB. */
const FLAGS = ["--max-old-space-size=1024", "--max-semi-space-size=16", "--no-parallel-scavenge"];
const LEAST = [24, 12];

const node = runsTypeScript(process.versions.node) ? process.execPath : packagedNode();
if (node === undefined) {
  process.stderr.write(
    `botenstoff: needs Node ${LEAST.join(".")} or newer and this is ${process.versions.node}; install it, or run "npm ci" here, which brings one\n`,
  );
  process.exitCode = 1;
} else handOver(node, [...FLAGS, CLI, ...process.argv.slice(2)]);

/** @param {string} version "24.21.0" */
function runsTypeScript(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
}

/** The Node that the npm package `node` brings along, beside or above this package. */
function packagedNode() {
  return ["../node_modules/node/bin/node", "../../node/bin/node"]
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path));
}

/** Becomes the other process where Node can, so that a signal reaches the engine itself; else passes signals on. */
function handOver(program, args) {
  if (typeof process.execve === "function" && process.platform !== "win32") {
    process.removeAllListeners("warning").on("warning", () => undefined);
    process.execve(program, [program, ...args], process.env);
  }
  const child = spawn(program, args, { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 128);
  });
}
