import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { FAULTS, type Fault } from "./faults.ts";
import { untilSignal } from "../support/until-signal.ts";
import { abandonRounds, playRound, type RoundResult } from "./round.ts";

const USAGE = `npm run survive -- [--rounds N] [--seed S] [--fault <part of a name>] [--story] [--quick]

Plays rounds of faults against real engines and a real PostgreSQL and checks the four invariants of
docs/architecture.md. Round k has the seed S + k; --rounds 1 --seed <its seed> plays one again.
--fault plays only the faults whose names contain it (several times a round): ${FAULTS.map(({ name }) => name).join(" · ")}.
--story tells what was broken and repaired when, of every round. --quick plays three rounds. Exit codes: 0 all held, 1 a promise was broken, 2 used wrongly.
`;

const RECOVERED_WITHIN_MS = 10_000;
const ROUND_MS = 240_000;
const ABANDONED_WITHIN_MS = 20_000;

interface Options {
  readonly rounds: number;
  readonly seed: number;
  readonly choice: readonly Fault[];
  readonly story: boolean;
}

/** What is asked for, or the exit code of who only asked for help or used it wrongly. */
function readOptions(): Options | number {
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: "string", default: "20" },
        seed: { type: "string", default: String(randomInt(1, 1_000_000_000)) },
        fault: { type: "string", default: "" },
        story: { type: "boolean", default: false },
        quick: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    const rounds = values.quick ? 3 : Number(values.rounds);
    const seed = Number(values.seed);
    const choice = FAULTS.filter(({ name }) => name.includes(values.fault));
    if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds ${values.rounds} is no number of rounds`);
    if (!Number.isInteger(seed)) throw new Error(`--seed ${values.seed} is no whole number`);
    if (choice.length === 0) throw new Error(`no fault is called "${values.fault}"`);
    return { rounds, seed, choice, story: values.story };
  } catch (error) {
    process.stderr.write(`survive: ${Error.isError(error) ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

function report(round: number, result: RoundResult, story: boolean): boolean {
  const slow = result.recoveryMs > RECOVERED_WITHIN_MS;
  const ok = result.violations.length === 0 && !slow;
  const summary = [
    `round ${String(round).padStart(3)}  seed ${result.seed}  ${ok ? "ok    " : "BROKEN"}`,
    `${result.engines} engines, ${result.messages} messages, ${result.byHand} by hand, recovered in ${result.recoveryMs} ms`,
    result.faults.join(", "),
  ];
  tell(summary.join("  "));
  for (const why of result.notPlayed) tell(`  not everything was played: ${why}`);
  if (slow) tell(`  recovery took longer than ${RECOVERED_WITHIN_MS} ms`);
  for (const { what } of result.violations) tell(`  ${what}`);
  if (story || !ok) for (const line of result.story) tell(`    ${line}`);
  if (!ok) for (const line of result.logs.slice(-60)) tell(`    ${line}`);
  return ok;
}

async function abandon(): Promise<void> {
  await Promise.race([abandonRounds(), sleep(ABANDONED_WITHIN_MS)]);
}

async function run({ rounds, seed, choice, story }: Options): Promise<number> {
  tell(`seed ${seed}, ${rounds} rounds`);
  const results: RoundResult[] = [];
  const interrupted = untilSignal();
  for (let round = 0; round < rounds; round += 1) {
    const result = await Promise.race([playRound(seed + round, choice), sleep(ROUND_MS), interrupted]);
    if (typeof result === "number") {
      await abandon();
      return result;
    }
    if (!result) {
      tell(`round ${round}  seed ${seed + round}  HUNG: not over after ${ROUND_MS / 1_000} s`);
      await abandon();
      return 1;
    }
    results.push(result);
    if (!report(round, result, story)) return 1;
  }
  const messages = results.reduce((sum, result) => sum + result.messages, 0);
  const slowest = Math.max(...results.map(({ recoveryMs }) => recoveryMs));
  tell(JSON.stringify({ ok: true, seed, rounds, messages, slowest_recovery_ms: slowest }));
  return 0;
}

const options = readOptions();
// What a broken round left open must not keep the suite from ending.
process.exit(typeof options === "number" ? options : await run(options));
