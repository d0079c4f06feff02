import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openStore } from "#src/store/data-source.ts";
import { startEmbedded } from "#src/store/server/server.ts";
import { openHouse, type Filing } from "./house.ts";
import { live } from "./year.ts";

/** `npm run simulate -- [--people n] [--messages n] [--steps n] [--seed n]`: a year of a house; ends with 1 for a wrong filing, or what nobody was told of. */
const { values } = parseArgs({
  options: {
    people: { type: "string", default: "10000" },
    messages: { type: "string", default: "4000" },
    steps: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
  },
});
const [people, messages, steps, seed] = [values.people, values.messages, values.steps, values.seed].map(Number) as [
  number,
  number,
  number,
  number,
];
const directory = await mkdtemp(join(tmpdir(), "botenstoff-simulation-"));
const server = await startEmbedded({ directory: join(directory, "postgres") });
// What is simulated is not a power cut.
const setting = await openStore(server.url);
await setting.query("ALTER DATABASE postgres SET synchronous_commit TO off");
await setting.close();
const store = await openStore(server.url);
const filings: Filing[] = [];
const began = performance.now();
const house = await openHouse(store, join(directory, "keyring"), Date.parse("2026-01-01T00:00:00Z"), (one) =>
  filings.push(one),
);
try {
  const report = await live(house, filings, { people, messages, steps, seed });
  const seconds = Math.round((performance.now() - began) / 1_000);
  const { assigned, rejected } = report.cleared;
  const byHand = Math.round((1_000 * (assigned + rejected)) / report.messages) / 10;
  process.stdout.write(`${JSON.stringify({ ...report, "decided by hand, %": byHand, seconds }, null, 2)}\n`);
  const untold = report.left.messages - report.left.escalated;
  process.exitCode = report.wrong.length + report.twice + report.cleared.slipped.length + untold === 0 ? 0 : 1;
} finally {
  await house.close();
  await store.close();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}
