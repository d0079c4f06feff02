import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startServer } from "./database.ts";
import { machine } from "./machine.ts";
import { report } from "./report.ts";
import type { Result, Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios/index.ts";

const USAGE = `npm run bench -- [--quick] [--json] [--profile <folder>] [scenario …]

${SCENARIOS.map(({ name, title }) => `  ${name.padEnd(16)} ${title}`).join("\n")}

Exit codes: 0 every invariant held, 1 one did not, 2 used wrongly. A missed target is reported, not an error: it
depends on the machine.`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      profile: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const chosen = positionals.length === 0 ? SCENARIOS : SCENARIOS.filter(({ name }) => positionals.includes(name));
  if (values.help || chosen.length < positionals.length) {
    process.stderr.write(`${USAGE}\n`);
    return values.help ? 0 : 2;
  }
  const directory = await mkdtemp(join(tmpdir(), "botenstoff-bench-"));
  const server = await startServer(join(directory, "postgres"));
  const results: { scenario: Scenario; result: Result }[] = [];
  try {
    for (const scenario of chosen) {
      process.stderr.write(`${scenario.name}: ${scenario.title} …\n`);
      const settings = {
        server,
        quick: values.quick,
        ...(values.profile !== undefined && { profile: values.profile }),
      };
      const result = await scenario.run(settings).catch(broken);
      results.push({ scenario, result });
    }
  } finally {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
  process.stdout.write(report({ machine: machine(), quick: values.quick, results }, values.json));
  return results.some(({ result }) => result.faults.length > 0) ? 1 : 0;
}

/** A run that did not come to its end proves nothing, and the others still may. */
function broken(error: unknown): Result {
  return { targets: [], faults: [Error.isError(error) ? error.message : String(error)] };
}
